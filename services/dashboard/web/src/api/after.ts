/**
 * Read your own writes: after a command the reads carry `X-After: registry:123` until an answer has reached it.
 * Positions are per service and only grow.
 */
export class AfterMarks {
  private readonly wanted = new Map<string, number>()

  /** `after` of a command's answer; null when the command changed nothing. */
  note(after: string | null | undefined): void {
    const found = /^([a-z]+):(\d+)$/.exec(after ?? '')
    if (!found) return
    const [service, position] = [found[1]!, Number(found[2])]
    this.wanted.set(service, Math.max(position, this.wanted.get(service) ?? 0))
  }

  /** What an answer included: a mark that it covers is no longer asked for. */
  reached(positions: Readonly<Record<string, number>> | undefined): void {
    for (const [service, position] of Object.entries(positions ?? {}))
      if (position >= (this.wanted.get(service) ?? Infinity)) this.wanted.delete(service)
  }

  /** The header's value, or null when nothing is awaited. */
  header(): string | null {
    return this.wanted.size ? [...this.wanted].map(([service, position]) => `${service}:${position}`).join(', ') : null
  }
}
