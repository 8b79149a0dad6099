/** Keeps the last `limit` bytes of what is added: the end of a CLI's stderr, where the reason of a failure stands. */
export class ByteTail {
  private chunks: Uint8Array[] = []
  private size = 0
  private cut = false

  constructor(private readonly limit: number) {}

  add(chunk: Uint8Array): void {
    if (chunk.length > this.limit) this.cut = true
    // A copy: a view would hold the whole read buffer.
    const kept = chunk.slice(Math.max(0, chunk.length - this.limit))
    this.chunks.push(kept)
    this.size += kept.length
    // Joined only now and then, so that many small writes stay cheap.
    if (this.size > 2 * this.limit || this.chunks.length > 256) this.join()
  }

  /** What is kept, as text; a character cut at the start is left out, invalid bytes become U+FFFD. */
  text(): string {
    const bytes = this.join()
    let start = 0
    while (this.cut && start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++
    return new TextDecoder().decode(bytes.subarray(start))
  }

  private join(): Uint8Array {
    const all = Buffer.concat(this.chunks)
    if (all.length > this.limit) this.cut = true
    const kept = new Uint8Array(all.subarray(Math.max(0, all.length - this.limit)))
    this.chunks = [kept]
    this.size = kept.length
    return kept
  }
}
