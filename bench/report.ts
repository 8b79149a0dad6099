// Numbers into tables: what every benchmark prints, and what bench/results.md holds.
import { cpus, totalmem } from 'node:os'

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const median = (values: number[]) => percentile(values, 0.5)

/** Prints a Markdown table. */
export function table(title: string, head: string[], rows: (string | number)[][]): void {
  const cell = (value: string | number) => (typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 1) : value)
  console.log(`\n### ${title}\n`)
  console.log(`| ${head.join(' | ')} |`)
  console.log(`|${head.map(() => ' --- ').join('|')}|`)
  for (const row of rows) console.log(`| ${row.map(cell).join(' | ')} |`)
}

/** One line that says where the numbers come from. */
export function machine(): string {
  const [cpu] = cpus()
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Bun ${Bun.version}`
}
