// The processes of Qwen Code.
import { checkVersion, notInstalled } from '../installation.ts'
import { SharedWorkers } from '../shared-workers.ts'
import { bootQwen } from './boot.ts'
import type { Installation } from '../installation.ts'
import { findQwen } from './executable.ts'
import { CLI, MINIMUM_VERSION, type QwenOptions, RECYCLE } from './options.ts'
import { settingsStamp, userHome } from './user-settings.ts'
import type { QwenWorker } from './worker.ts'

/** Memory is looked at every so many turns. */
const LOOK_EVERY = 10

export class QwenWorkers extends SharedWorkers<QwenWorker> {
  constructor(private readonly options: QwenOptions) {
    super(CLI, options)
  }

  /** The CLI, if it is there. */
  find(): Installation | undefined {
    const { executable: configured, node, environment } = this.options
    return findQwen({ configured, node, path: environment['PATH'] })
  }

  protected stamp(): string {
    return settingsStamp(userHome(this.options.account, this.options.environment))
  }

  protected async prepare() {
    const { minimumVersion: minimum = MINIMUM_VERSION } = this.options
    const installation = this.find()
    if (!installation) throw notInstalled(CLI)
    checkVersion(CLI, installation.version, minimum)
    return (signal: AbortSignal) => bootQwen(this.options, installation, signal)
  }

  protected isWornOut(worker: QwenWorker): boolean {
    const { turns = RECYCLE.turns, memory = RECYCLE.memory } = this.options.recycle ?? {}
    if (worker.stuck || worker.turns > turns) return true
    return worker.turns % LOOK_EVERY === 0 && worker.memory >= memory
  }
}
