// The process in use, the next one, and those that only finish what they have begun.
import { GatewayError } from '../../core/error.ts'
import { Backoff } from '../../process/pool-backoff.ts'
import { orAbort } from '../acp-cancelable.ts'
import { isAtLeast } from '../acp-version.ts'
import { bootCodex } from './boot.ts'
import { type Catalog, readCatalog, runCodex } from './catalog.ts'
import { findCodex } from './executable.ts'
import { loginStamp, userHome } from './home.ts'
import type { LimitWindow } from './limits.ts'
import { type CodexOptions, INSTALL, MINIMUM_VERSION, RECYCLE, UPDATE } from './options.ts'
import type { CodexServer } from './server.ts'
import { parseVersion } from './version.ts'

/** Milliseconds: the first wait after a crash or a failed start, and the longest. */
const BACKOFF = { first: 250, longest: 30_000 }
/** A request waits no longer than this for another attempt, in milliseconds. */
const PATIENCE = 2_000
/** Memory is looked at every so many turns. */
const LOOK_EVERY = 50

/** A process that lives, and the login that it was started with. */
type Current = { server: CodexServer; stamp: string; retired: boolean }

export class CodexServers {
  /** The models, once they have been read. */
  catalog: Catalog | undefined
  /** Of the last start. */
  version: string | undefined
  limits: readonly LimitWindow[] = []
  private current: Current | undefined
  private booting: Promise<Current> | undefined
  private readonly all = new Map<CodexServer, Current>()
  private readonly backoff = new Backoff(BACKOFF.first, BACKOFF.longest)
  private lastError: unknown
  private retry: Timer | undefined
  private readonly closing = new AbortController()

  constructor(private readonly options: CodexOptions) {}

  get servers(): readonly CodexServer[] {
    return [...this.all.keys()]
  }

  /** The CLI's path, if it is there. */
  find(): string | undefined {
    const { executable, environment } = this.options
    return findCodex({ configured: executable, path: environment['PATH'] })
  }

  /**
   * The process for a turn: the present one, or one that is started now. Give it back with `release`.
   * @throws GatewayError `provider_unavailable`; the reason of the abort
   */
  async acquire(turn: string, signal: AbortSignal): Promise<CodexServer> {
    const server = await this.ready(signal)
    server.turns += 1
    server.running.add(turn)
    return server
  }

  /** A process that could take a turn. */
  async ready(signal: AbortSignal): Promise<CodexServer> {
    const { server } = await orAbort(this.get(), signal)
    return server
  }

  /** After a turn. `answered`: the process has proved to work. */
  release(server: CodexServer, turn: string, answered: boolean): void {
    server.running.delete(turn)
    const entry = this.all.get(server)
    if (!entry) return
    if (answered) this.backoff.succeed()
    if (entry.retired) return this.disposeIdle(entry)
    if (entry === this.current && this.isWornOut(server)) this.replace('worn out')
  }

  /** Starts a process ahead of its first turn, and keeps one from then on. */
  start(): void {
    if (this.options.warm && !this.closing.signal.aborted) this.bootInBackground()
  }

  /** Takes over other models than the present process has. */
  useCatalog(catalog: Catalog): void {
    const changed = this.catalog?.patched !== catalog.patched
    this.catalog = catalog
    if (changed && this.current) this.replace('other models')
  }

  async close(): Promise<void> {
    this.closing.abort(new GatewayError('provider_unavailable', 'The gateway is shutting down.'))
    clearTimeout(this.retry)
    await this.booting?.catch(() => {})
    await Promise.all(this.servers.map((server) => server.dispose()))
  }

  private async get(): Promise<Current> {
    this.closing.signal.throwIfAborted()
    const { current } = this
    if (current?.server.alive && current.stamp === this.stamp()) return current
    if (current?.server.alive) {
      this.options.log.info({ pid: current.server.pid }, 'The login of Codex has changed: its process is replaced.')
      this.retire(current)
    }
    return this.boot()
  }

  private boot(): Promise<Current> {
    this.booting ??= this.bootAfterWait().finally(() => (this.booting = undefined))
    return this.booting
  }

  private async bootAfterWait(): Promise<Current> {
    const { signal } = this.closing
    const executable = await this.prepare(signal)
    const wait = this.backoff.remaining(performance.now())
    if (wait > PATIENCE) throw this.unavailable(wait)
    if (wait > 0) await orAbort(Bun.sleep(wait), signal)
    const stamp = this.stamp()
    const begun = performance.now()
    try {
      const onLimits = (windows: LimitWindow[]) => void (this.limits = windows)
      const server = await bootCodex(this.options, { executable, catalog: this.catalog!, onLimits }, signal)
      const duration = performance.now() - begun
      this.options.log.debug({ pid: server.pid, duration }, 'A process of Codex has started.')
      return this.install({ server, stamp, retired: false })
    } catch (error) {
      this.lastError = error
      if (!signal.aborted) this.backoff.fail(performance.now())
      throw error
    }
  }

  private install(entry: Current): Current {
    this.lastError = undefined
    this.all.set(entry.server, entry)
    entry.server.onExit((crashed) => this.onExit(entry, crashed))
    const previous = this.current
    this.current = entry
    if (previous) this.retire(previous)
    return entry
  }

  /** Finds the CLI, new enough, and its models. */
  private async prepare(signal: AbortSignal): Promise<string> {
    const executable = this.find()
    if (executable === undefined) {
      throw new GatewayError('provider_unavailable', `Codex is not installed. Run: ${INSTALL}`)
    }
    const { minimumVersion: minimum = MINIMUM_VERSION } = this.options
    const bundled = () => readCatalog(this.options, executable, 'bundled', signal)
    const [version, catalog] = await Promise.all([this.readVersion(executable, signal), this.catalog ?? bundled()])
    const updated = this.version !== undefined && version !== this.version
    this.version = version
    if (!isAtLeast(version, minimum)) {
      const message = `Codex ${version} is older than ${minimum}, the oldest that cligate can drive. Run: ${UPDATE}`
      throw new GatewayError('provider_unavailable', message)
    }
    // Another version has other models.
    this.catalog = updated ? await bundled() : catalog
    return executable
  }

  private async readVersion(executable: string, signal: AbortSignal): Promise<string | undefined> {
    const { output } = await runCodex(this.options, executable, ['--version'], signal)
    return parseVersion(output)
  }

  private unavailable(wait: number): GatewayError {
    const retryAfter = Math.ceil(wait / 1000)
    const { lastError: cause } = this
    if (cause instanceof GatewayError) return new GatewayError(cause.code, cause.message, { cause, retryAfter })
    return new GatewayError('provider_unavailable', 'Codex keeps ending. Run: cligate doctor', { cause, retryAfter })
  }

  private onExit(entry: Current, crashed: boolean): void {
    if (this.current === entry) this.current = undefined
    void entry.server.dispose().then(() => this.all.delete(entry.server))
    if (!crashed || this.closing.signal.aborted) return
    const retryIn = this.backoff.fail(performance.now())
    const { pid } = entry.server
    this.options.log.warn({ pid, retryIn, stderr: entry.server.lastWords() }, 'A process of Codex has ended by itself.')
    if (this.options.warm) this.bootInBackground(retryIn)
  }

  private bootInBackground(wait = 0): void {
    clearTimeout(this.retry)
    this.retry = setTimeout(() => {
      if (this.current?.server.alive) return
      this.boot().catch((error: unknown) => this.options.log.info({ error }, 'Codex cannot be used.'))
    }, wait)
    this.retry.unref()
  }

  private isWornOut(server: CodexServer): boolean {
    const { turns = RECYCLE.turns, memory = RECYCLE.memory } = this.options.recycle ?? {}
    return server.turns >= turns || (server.turns % LOOK_EVERY === 0 && server.memory >= memory)
  }

  /** The next one is started first: no turn waits for it. */
  private replace(why: string): void {
    if (this.backoff.remaining(performance.now()) > 0) return
    this.options.log.debug({ pid: this.current?.server.pid, why }, 'A process of Codex is replaced.')
    this.boot().catch((error: unknown) => this.options.log.warn({ error }, 'A process of Codex could not be replaced.'))
  }

  /** It ends when its turns are over. */
  private retire(entry: Current): void {
    entry.retired = true
    if (this.current === entry) this.current = undefined
    this.disposeIdle(entry)
  }

  private disposeIdle({ server }: Current): void {
    if (server.running.size === 0) void server.dispose()
  }

  private stamp(): string {
    return loginStamp(userHome(this.options.account, this.options.environment))
  }
}
