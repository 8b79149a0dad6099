// The CLI found, tested, and with its processes: everything a turn needs, made when it is first needed.
import { GatewayError } from '../../core/error.ts'
import { orAbort } from '../../core/or-abort.ts'
import { findExecutable } from '../../process/find-executable.ts'
import { canBeBare } from './bare.ts'
import type { Installation } from './boot.ts'
import { type Fields, textAt } from '../fields.ts'
import { inquire } from './inquire.ts'
import { CLI, type ClaudeOptions } from './options.ts'
import { selfTest, type SelfTestResult, type Way } from './self-test.ts'
import { type CliIdentity, identify, readPass, writePass } from './self-test-cache.ts'
import { notInstalled } from '../installation.ts'
import { ClaudeStock } from './stock.ts'
import { parseVersion } from '../version.ts'
import { startWarmUpService, type WarmUpService } from './warm-up-service.ts'

/** After this long, a version that cannot be used is tested again, in milliseconds. */
const RETRY = 60_000

export type Engine = {
  installation: Installation
  version: string | undefined
  way: Way
  /** What the self-test found missing. */
  failed: readonly string[]
  stock: ClaudeStock
}

export class Engines {
  private making: Promise<Engine> | undefined
  private retired: ClaudeStock[] = []
  private warmUp: WarmUpService | undefined
  private readonly closing = new AbortController()
  /** The one in use. */
  current: Engine | undefined
  /** What the latest process said at its start. */
  report: Fields | undefined

  constructor(private readonly options: ClaudeOptions) {}

  /**
   * @throws GatewayError `provider_unavailable` where the CLI is missing or does not start; the reason of the abort
   */
  async get(signal: AbortSignal): Promise<Engine> {
    this.closing.signal.throwIfAborted()
    const engine = await orAbort((this.making ??= this.begin()), signal)
    if (engine.way !== 'none') return engine
    throw new GatewayError('provider_unavailable', `This version of Claude Code cannot be used. Run: ${CLI.update}`)
  }

  /** The program is another one now: what is known of it holds no longer. */
  forget(): void {
    this.making = undefined
  }

  /** The CLI's path, if it is there. */
  find(): string | undefined {
    const { executable, environment } = this.options
    return findExecutable('claude', { configured: executable, path: environment['PATH'] })
  }

  async version(path: string, signal: AbortSignal): Promise<string | undefined> {
    return parseVersion(await inquire({ ...this.options, executable: path }, ['--version'], signal))
  }

  async close(): Promise<void> {
    this.closing.abort(new GatewayError('provider_unavailable', 'The gateway is shutting down.'))
    await this.making?.catch(() => {})
    const stocks = [...this.retired, ...(this.current ? [this.current.stock] : [])]
    await Promise.all(stocks.map((stock) => stock.close()))
    this.warmUp?.stop()
  }

  private begin(): Promise<Engine> {
    const making: Promise<Engine> = this.make()
    const forget = () => {
      if (this.making === making) this.making = undefined
    }
    making.then(
      ({ way }) => {
        if (way === 'none') setTimeout(forget, RETRY).unref()
      },
      // Somebody may install it meanwhile.
      forget,
    )
    return making
  }

  private async make(): Promise<Engine> {
    const path = this.find()
    if (path === undefined) throw notInstalled(CLI)
    const { environment, account, sandbox, leftovers, web, log } = this.options
    const bare = canBeBare(this.options)
    const tested = { executable: path, environment, account, sandbox, leftovers, web, bare }
    const { signal } = this.closing
    const version = await this.version(path, signal)
    const cli = await identify(path, version, bare)
    const { way, failed, missed, ...result } = await this.test(tested, cli)
    const installation = { ...tested, bare: result.bare }
    if (failed.length > 0) log.warn({ version, way, failed }, 'Claude Code failed the self-test.')
    else if (missed.length > 0) log.info({ version, way, missed }, 'Claude Code is not driven in the fastest way.')
    signal.throwIfAborted()
    const stock = this.createStock(installation, way)
    const previous = this.current
    this.current = { installation, version, way, failed, stock }
    if (previous) this.retire(previous.stock)
    if (way !== 'none') stock.start()
    return this.current
  }

  private async test(installation: Installation, cli: CliIdentity): Promise<SelfTestResult> {
    const { cacheFile } = this.options
    const known = await readPass(cacheFile, cli)
    if (known) return { way: known, bare: cli.bare, failed: [], missed: [] }
    const result = await selfTest(installation, this.closing.signal)
    // A machine that is busy may miss the best way: the next start looks for it again.
    if (result.way === 'warmed' && result.bare === cli.bare) writePass(cacheFile, cli, result.way)
    return result
  }

  private createStock(installation: Installation, way: Way): ClaudeStock {
    const { pool, log } = this.options
    let first: string | undefined
    if (way === 'warmed' && pool.warm > 0) {
      this.warmUp ??= startWarmUpService((reason) =>
        log.warn({ reason }, 'Processes of Claude Code are not warmed up any more.'),
      )
    }
    return new ClaudeStock({
      installation: { ...installation, seeded: way === 'warmed' || way === 'seeded' },
      limits: pool,
      documented: way === 'documented',
      warmUp: way === 'warmed' ? this.warmUp : undefined,
      log: (event) => {
        if (event.type === 'boot-failed') log.warn({ ...event }, 'A process of Claude Code could not be made ready.')
        else log.debug({ ...event }, 'The stock of Claude Code processes.')
      },
      onReport: (report) => {
        this.report = report
        const version = textAt(report, 'claude_code_version')
        first ??= version
        // It was updated while the gateway ran: the next turn begins with a test of the new version.
        if (version !== first) this.forget()
      },
    })
  }

  /** Closed when its turns are over. */
  private retire(stock: ClaudeStock): void {
    this.retired.push(stock)
    void stock.retire().then(() => {
      this.retired = this.retired.filter((other) => other !== stock)
    })
  }
}
