// The models that a worker is started with aliases for: a process cannot learn another one later (0.61.0).

/** How many that nobody knew before are kept in mind. */
const MOST = 32

export class AliasedModels {
  /** The last one asked for stands last. */
  private readonly asked = new Set<string>()

  constructor(private readonly known: ReadonlySet<string>) {}

  /** From now on, workers are started with it. */
  add(model: string): void {
    if (this.known.has(model)) return
    this.asked.delete(model)
    this.asked.add(model)
    const [oldest] = this.asked
    if (this.asked.size > MOST && oldest !== undefined) this.asked.delete(oldest)
  }

  now(): ReadonlySet<string> {
    return new Set([...this.known, ...this.asked])
  }
}
