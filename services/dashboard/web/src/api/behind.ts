/** Copies that lack more than this are worth a word. */
const BEHIND_MS = 20_000
/** A step as large as this is a clock that was set (the training day, the device), not an old copy. */
const CLOCK_SET_MS = 6 * 3_600_000

/**
 * Whether an answer comes from copies that were behind. The server's time and the device's need not agree: the
 * freshest answer so far tells how far they are apart, and an answer is behind when it is older than that allows.
 */
export class Freshness {
  /** Largest `as_of` minus the device's time of arrival. */
  private ahead: number | null = null

  isBehind(asOf: number, now: number): boolean {
    const here = asOf - now
    if (this.ahead === null || here > this.ahead || this.ahead - here > CLOCK_SET_MS) this.ahead = here
    return this.ahead - here > BEHIND_MS
  }

  /** The server's time at an instant of the device's; the same while nothing tells how far they are apart. */
  there(device: number): number {
    return device + (this.ahead ?? 0)
  }
}
