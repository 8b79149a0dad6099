// The models that a worker is started with aliases for: a process cannot learn another one later (0.61.0).

/** How many that nobody knew before are kept in mind when nobody waits for them. */
const MOST = 32

export class AliasedModels {
  /** The last one asked for stands last. */
  private readonly asked = new Set<string>()
  /** How many turns wait for a worker with it. */
  private readonly waiting = new Map<string, number>()

  constructor(private readonly known: ReadonlySet<string>) {}

  /**
   * From now on, workers are started with it, at least until the turn that waits for one has called what it is given here: were it
   * forgotten meanwhile, turns for many models would go on starting workers that the others cannot use.
   */
  want(model: string): () => void {
    if (this.known.has(model)) return () => {}
    this.asked.delete(model)
    this.asked.add(model)
    this.waiting.set(model, (this.waiting.get(model) ?? 0) + 1)
    return () => {
      const left = (this.waiting.get(model) ?? 0) - 1
      if (left > 0) this.waiting.set(model, left)
      else this.waiting.delete(model)
      this.forget()
    }
  }

  now(): ReadonlySet<string> {
    return new Set([...this.known, ...this.asked])
  }

  private forget(): void {
    for (const model of this.asked) {
      if (this.asked.size <= MOST) return
      if (!this.waiting.has(model)) this.asked.delete(model)
    }
  }
}
