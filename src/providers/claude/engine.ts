// The CLI found, tested, and with its processes: everything a turn needs, made when it is first needed.
import { GatewayError } from '../../core/error.ts'
import { findExecutable } from '../../process/find-executable.ts'
import type { Installation } from './boot.ts'
import { orAbort } from './cancelable.ts'
import { type Fields, textAt } from './fields.ts'
import { inquire } from './inquire.ts'
import type { ClaudeOptions } from './options.ts'
import { selfTest, type SelfTestResult } from './self-test.ts'
import { type CliIdentity, identify, type Pass, readPass, writePass } from './self-test-cache.ts'
import { INSTALL } from './status.ts'
import { ClaudeStock } from './stock.ts'
import { parseVersion } from './version.ts'

export type Engine = {
  installation: Installation
  version: string | undefined
  /** What the self-test found missing: then everything goes by documented ways, which takes longer. */
  failed: readonly string[]
  stock: ClaudeStock
}

export class Engines {
  private making: Promise<Engine> | undefined
  private retired: ClaudeStock[] = []
  private readonly closing = new AbortController()
  /** The one in use. */
  current: Engine | undefined
  /** What the latest process said at its start. */
  report: Fields | undefined

  constructor(private readonly options: ClaudeOptions) {}

  /**
   * @throws GatewayError `provider_unavailable` where the CLI is missing or does not start; the reason of the abort
   */
  get(signal: AbortSignal): Promise<Engine> {
    this.closing.signal.throwIfAborted()
    this.making ??= this.make().catch((error: unknown) => {
      // Somebody may install it meanwhile.
      this.making = undefined
      throw error
    })
    return orAbort(this.making, signal)
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
  }

  private async make(): Promise<Engine> {
    const path = this.find()
    if (path === undefined) {
      throw new GatewayError('provider_unavailable', `Claude Code is not installed. Run: ${INSTALL}`)
    }
    const { environment, account, sandbox, leftovers, log } = this.options
    const installation = { executable: path, environment, account, sandbox, leftovers }
    const { signal } = this.closing
    const version = await this.version(path, signal)
    const cli = await identify(path, version)
    const { failed, seeded } = await this.test(installation, cli)
    if (failed.length > 0)
      log.warn({ version, failed }, 'Claude Code failed the self-test: its turns take the slower, documented way.')
    signal.throwIfAborted()
    const stock = this.createStock({ ...installation, seeded }, failed.length > 0)
    const previous = this.current
    this.current = { installation, version, failed, stock }
    if (previous) this.retire(previous.stock)
    stock.start()
    return this.current
  }

  /** With a session that was begun for it, else without; the latter twice, since a machine that is busy may fail any test. */
  private async test(installation: Installation, cli: CliIdentity): Promise<SelfTestResult & Pass> {
    const { signal } = this.closing
    const { cacheFile } = this.options
    const known = await readPass(cacheFile, cli)
    if (known) return { failed: [], seeded: known.seeded }
    let failed: string[] = []
    for (const seeded of [true, false, false]) {
      failed = (await selfTest({ ...installation, seeded }, signal)).failed
      if (failed.length > 0) continue
      await writePass(cacheFile, cli, { seeded })
      return { failed, seeded }
    }
    return { failed, seeded: false }
  }

  private createStock(installation: Installation, documented: boolean): ClaudeStock {
    const { pool, log } = this.options
    let first: string | undefined
    return new ClaudeStock({
      installation,
      limits: pool,
      documented,
      log: (event) => {
        if (event.type === 'boot-failed') log.warn({ ...event }, 'A process of Claude Code did not start.')
        else log.debug({ ...event }, 'The stock of Claude Code processes.')
      },
      onReport: (report) => {
        this.report = report
        const version = textAt(report, 'claude_code_version')
        first ??= version
        // It was updated while the gateway ran: the next turn begins with a test of the new version.
        if (version !== first) this.making = undefined
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
