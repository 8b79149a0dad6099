import { defineCommand } from 'citty'
import type { LoadedConfig } from '../config/load.ts'
import { configFlags, loadOptions } from './config-flags.ts'
import { type DoctorReport, doctorText } from './doctor-report.ts'
import { EXIT } from './exit-code.ts'
import { progressFor, type Step } from './progress.ts'

export const doctor = defineCommand({
  meta: {
    name: 'doctor',
    description: 'Which CLIs are found and logged in; exit code 0 when one is ready, 1 when none is',
  },
  args: { ...configFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const { loadCheckedConfig } = await import('./load-config.ts')
    const loaded = loadCheckedConfig(loadOptions(args))
    const report = await progressFor(args)((step) => examineAll(loaded, step))
    console.log(args.json ? JSON.stringify(report, null, 2) : doctorText(report))
    return report.ok ? EXIT.ok : EXIT.failed
  },
})

/** Asks all providers for their state; leaves no process behind. */
export async function examineAll(loaded: LoadedConfig, step: Step): Promise<DoctorReport> {
  const [{ createGateway }, { createLog }, { examine }, { secretsOf }, { stopAllChildren }] = await Promise.all([
    import('../gateway.ts'),
    import('../observe/log.ts'),
    import('./examine.ts'),
    import('../config/secrets.ts'),
    import('../process/spawn.ts'),
  ])
  const log = createLog({
    level: 'error',
    format: loaded.config.log.format,
    secrets: secretsOf(loaded.config, loaded.environment),
  })
  const report = await examine(loaded, createGateway, log, step).finally(stopAllChildren)
  await log.close()
  return report
}
