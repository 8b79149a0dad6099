import packageJson from '../../package.json' with { type: 'json' }
import type { LoadedConfig } from '../config/load.ts'
import { secretsOf } from '../config/secrets.ts'
import type { Log } from '../observe/log.ts'
import { createRedactor } from '../observe/redact.ts'
import type { ProviderStatus } from '../providers/driver.ts'
import { askProviders } from './ask-providers.ts'
import { type DoctorReport, isWorking } from './doctor-report.ts'
import type { CreateGateway, Parts } from './parts.ts'
import type { Step } from './progress.ts'

/** Milliseconds that the providers have to tell their state. */
const STATUS_DEADLINE = 20_000

/** Asks every provider for its state, without starting any warm-up and without a model call. */
export async function examine(
  loaded: LoadedConfig,
  createGateway: CreateGateway,
  log: Log,
  step: Step = () => {},
): Promise<DoctorReport> {
  const { config, file, warnings } = loaded
  const report = (providers: readonly ProviderStatus[], more: readonly string[]): DoctorReport => ({
    ok: providers.some(isWorking),
    version: packageJson.version,
    bun: Bun.version,
    platform: `${process.platform}-${process.arch}`,
    configFile: file ?? null,
    stateFolder: config.state_dir,
    providers,
    warnings: [...warnings, ...more],
  })
  let gateway: Parts | undefined
  try {
    gateway = await createGateway(config, { log, environment: loaded.environment })
    return report(await askProviders(gateway, AbortSignal.timeout(STATUS_DEADLINE), step), [])
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return report(
      [],
      [`The server would not start: ${createRedactor(secretsOf(config, loaded.environment)).text(why)}`],
    )
  } finally {
    step('Ending what was started')
    await gateway?.close()
  }
}
