// What `cligate doctor` found, as data and as text. Pure.
import type { ProviderStatus } from '../providers/driver.ts'
import { tableLines } from './text-table.ts'

export type DoctorReport = {
  /** Whether at least one CLI is ready. The demo model does not count: it always is. */
  ok: boolean
  version: string
  bun: string
  platform: string
  configFile: string | null
  stateFolder: string
  providers: readonly ProviderStatus[]
  warnings: readonly string[]
}

/** Whether a provider can answer for an account of its user. */
export function isWorking({ provider, state }: ProviderStatus): boolean {
  return provider !== 'demo' && (state === 'ready' || state === 'degraded')
}

export function doctorText(report: DoctorReport): string {
  const rows = [
    ['PROVIDER', 'STATE', 'VERSION', 'LOGIN', 'PATH'],
    ...report.providers.map(({ provider, state, version, authMethod, path }) => [
      provider,
      state,
      version ?? '-',
      authMethod ?? '-',
      path ?? '-',
    ]),
  ]
  const [head, ...table] = tableLines(rows)
  const providers = table.map((line, index) => {
    const { notes, fix } = report.providers[index]!
    return [line, ...indented(notes), ...indented(fix ? [`Run: ${fix}`] : [])].join('\n')
  })
  return [
    `cligate ${report.version}, Bun ${report.bun}, ${report.platform}`,
    `configuration  ${report.configFile ?? 'defaults (no cligate.yaml)'}`,
    `state folder   ${report.stateFolder}`,
    '',
    head,
    ...providers,
    ...(report.warnings.length > 0 ? ['', ...report.warnings.map((warning) => `Warning: ${warning}`)] : []),
    '',
    report.ok ? 'At least one CLI is ready.' : 'No CLI is ready yet. The demo model needs none.',
  ].join('\n')
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`)
}
