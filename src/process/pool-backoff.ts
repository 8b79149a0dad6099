/** How long to wait after failures in a row: doubled with each one. All times are milliseconds of one clock. */
export class Backoff {
  private failures = 0
  private failedAt = -Infinity
  private until = -Infinity

  constructor(
    private readonly first: number,
    private readonly longest: number,
  ) {}

  /** Notes a failure; gives the wait. */
  fail(now: number): number {
    // Failures far apart are not in a row, whatever came between.
    if (now - this.failedAt > 2 * this.longest) this.failures = 0
    const wait = Math.min(this.longest, this.first * 2 ** this.failures)
    this.failures++
    this.failedAt = now
    this.until = now + wait
    return wait
  }

  succeed(): void {
    this.failures = 0
    this.until = -Infinity
  }

  /** What is left of the wait. */
  remaining(now: number): number {
    return Math.max(0, this.until - now)
  }
}
