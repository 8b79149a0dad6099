// The processes of one account: those that wait for a turn, and those that run one.
import { type Lease, Pool, type PoolEvent, type PoolOptions } from '../../process/pool.ts'
import type { ProcessInfo } from '../driver.ts'
import { credentialOf } from './auth.ts'
import { bootClaude, type Installation } from './boot.ts'
import type { Fields } from '../fields.ts'
import type { ClaudeProcess } from './process.ts'
import type { WarmUpService } from './warm-up-service.ts'
import { prepareClaude } from './prepare.ts'
import { canBecome, type Launch, launchKey } from './setup.ts'

export type PoolLimits = Omit<PoolOptions<ClaudeProcess>, 'boot' | 'log'>

export type StockOptions = {
  installation: Installation
  limits: PoolLimits
  /** Only documented ways: each process is started for its turn. */
  documented: boolean
  /** What processes that wait are warmed up against, if they are. */
  warmUp: WarmUpService | undefined
  log(event: PoolEvent): void
  /** Hears the report of each process that has started. */
  onReport(report: Fields): void
}

/** A process for one turn. */
export type Loan = {
  process: ClaudeProcess
  markResponding(): void
  /** Idempotent; never rejects. */
  release(): Promise<void>
}

/** What is told to a process when it starts, where it is not the launch alone. */
type Order = { launch: Launch; environment: Readonly<Record<string, string>> }

/** More launches than the pool counts are not worth remembering; none that is larger is told ahead, in characters. */
const REMEMBERED = 128
const LARGEST = 256 * 1024

export class ClaudeStock {
  private readonly pool: Pool<ClaudeProcess>
  private readonly orders = new Map<string, Order>()
  /** Processes that run a turn in the place of one that the pool lent. */
  private readonly substitutes = new Map<ClaudeProcess, ClaudeProcess>()

  private closed = false

  constructor(private readonly options: StockOptions) {
    const limits = options.documented ? { ...options.limits, warm: 0, maxWarm: 0 } : options.limits
    this.pool = new Pool({
      ...limits,
      boot: (key, signal) => this.boot(this.orderOf(key), signal),
      prepare: (process, key, signal) => this.prepare(process, this.orderOf(key), signal),
      log: options.log,
    })
  }

  start(): void {
    this.pool.start()
  }

  /** `environment` counts only where everything goes by documented ways. */
  async claim(launch: Launch, environment: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Loan> {
    if (this.options.documented) return this.claimDocumented({ launch, environment }, signal)
    const key = launch.system.length + launch.tools.length > LARGEST ? undefined : launchKey(launch)
    if (key !== undefined) this.remember(key, { launch, environment: {} })
    const lease = await this.pool.claim(key, signal)
    // A process that waited without a login may have missed one that came since.
    const outdated = !lease.cold && credentialOf(lease.process.report) === 'none'
    if (canBecome(lease.process.applied, launch) && !outdated) return lease
    return this.replace(lease, signal)
  }

  processes(): ProcessInfo[] {
    return this.pool.snapshot().processes.map(({ process, state }) => {
      const { pid, startedAt, turn } = this.substitutes.get(process) ?? process
      return { pid, provider: 'claude', state, startedAt, turn }
    })
  }

  /** Closes it once nobody uses it any more. */
  async retire(): Promise<void> {
    while (this.isBusy()) await Bun.sleep(1000)
    await this.close()
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([this.pool.close(), ...[...this.substitutes.values()].map((process) => process.dispose())])
  }

  private isBusy(): boolean {
    const { active, waiting } = this.pool.snapshot()
    return !this.closed && active + waiting > 0
  }

  private async boot(order: Order | undefined, signal: AbortSignal): Promise<ClaudeProcess> {
    const { installation, documented, onReport } = this.options
    const process = await bootClaude(installation, documented ? { documented: order } : {}, signal)
    onReport(process.report)
    return process
  }

  private orderOf(key: string | undefined): Order | undefined {
    return key === undefined ? undefined : this.orders.get(key)
  }

  private async prepare(process: ClaudeProcess, order: Order | undefined, signal: AbortSignal): Promise<void> {
    await prepareClaude(process, { launch: order?.launch, warmUp: this.options.warmUp }, signal)
  }

  private async claimDocumented(order: Order, signal: AbortSignal): Promise<Loan> {
    // The key is this claim's alone, so that nobody else's process can come of it.
    const key = crypto.randomUUID()
    this.orders.set(key, order)
    try {
      return await this.pool.claim(key, signal)
    } finally {
      this.orders.delete(key)
    }
  }

  /** The slot is kept; the process that does not fit is let go, and another one started in its place. */
  private async replace(lease: Lease<ClaudeProcess>, signal: AbortSignal): Promise<Loan> {
    try {
      void lease.process.dispose()
      const process = await this.boot(undefined, signal)
      this.substitutes.set(lease.process, process)
      const release = async () => {
        this.substitutes.delete(lease.process)
        await Promise.all([process.dispose(), lease.release()])
      }
      return { process, markResponding: lease.markResponding, release }
    } catch (error) {
      await lease.release()
      throw error
    }
  }

  private remember(key: string, order: Order): void {
    this.orders.delete(key)
    this.orders.set(key, order)
    const [oldest] = this.orders.keys()
    if (this.orders.size > REMEMBERED && oldest !== undefined) this.orders.delete(oldest)
  }
}
