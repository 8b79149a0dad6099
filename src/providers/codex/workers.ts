// The processes of Codex, and what they all have of it: its models and its limits.
import { checkVersion, notInstalled } from '../installation.ts'
import { SharedWorkers } from '../shared-workers.ts'
import { parseVersion } from '../version.ts'
import { bootCodex } from './boot.ts'
import { type Catalog, readCatalog, runCodex } from './catalog.ts'
import { findCodex } from './executable.ts'
import { loginStamp, userHome } from './home.ts'
import type { LimitWindow } from './limits.ts'
import { CLI, type CodexOptions, MINIMUM_VERSION, RECYCLE } from './options.ts'
import type { CodexWorker } from './worker.ts'

/** Memory is looked at every so many turns. */
const LOOK_EVERY = 50

export class CodexWorkers extends SharedWorkers<CodexWorker> {
  /** The models, once they have been read. */
  catalog: Catalog | undefined
  /** Of the last start. */
  version: string | undefined
  limits: readonly LimitWindow[] = []
  /** The models that each process was started with: others may have come while it started. */
  private readonly modelsOf = new WeakMap<CodexWorker, string>()

  constructor(private readonly options: CodexOptions) {
    super(CLI, options)
  }

  /** The CLI's path, if it is there. */
  find(): string | undefined {
    const { executable, environment } = this.options
    return findCodex({ configured: executable, path: environment['PATH'] })
  }

  override async acquire(turn: string, signal: AbortSignal): Promise<CodexWorker> {
    const worker = await super.acquire(turn, signal)
    worker.turns += 1
    return worker
  }

  /** Takes over other models than the present process has. */
  useCatalog(catalog: Catalog): void {
    const changed = this.catalog?.patched !== catalog.patched
    this.catalog = catalog
    if (changed) this.replace('other models')
  }

  protected stamp(): string {
    return loginStamp(userHome(this.options.account, this.options.environment))
  }

  protected async prepare(signal: AbortSignal) {
    const executable = this.find()
    if (executable === undefined) throw notInstalled(CLI)
    const { minimumVersion: minimum = MINIMUM_VERSION } = this.options
    const bundled = () => readCatalog(this.options, executable, 'bundled', signal)
    const before = this.catalog
    const [version, known] = await Promise.all([this.readVersion(executable, signal), before ?? bundled()])
    const updated = this.version !== undefined && version !== this.version
    this.version = version
    checkVersion(CLI, version, minimum)
    // Another version has other models.
    const catalog = updated ? await bundled() : known
    // Unless those of the account have come meanwhile.
    if (this.catalog === before) this.catalog = catalog
    return (starting: AbortSignal) => this.startWith(executable, this.catalog ?? catalog, starting)
  }

  private async startWith(executable: string, catalog: Catalog, signal: AbortSignal): Promise<CodexWorker> {
    const onLimits = (windows: LimitWindow[]) => void (this.limits = windows)
    const worker = await bootCodex(this.options, { executable, catalog, onLimits }, signal)
    this.modelsOf.set(worker, catalog.patched)
    return worker
  }

  protected isWornOut(worker: CodexWorker): boolean {
    const { turns = RECYCLE.turns, memory = RECYCLE.memory } = this.options.recycle ?? {}
    if (this.modelsOf.get(worker) !== this.catalog?.patched) return true
    return worker.turns >= turns || (worker.turns % LOOK_EVERY === 0 && worker.memory >= memory)
  }

  private async readVersion(executable: string, signal: AbortSignal): Promise<string | undefined> {
    const { output } = await runCodex(this.options, executable, ['--version'], signal)
    return parseVersion(output)
  }
}
