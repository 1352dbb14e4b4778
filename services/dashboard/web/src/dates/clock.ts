/** The only place that reads the device's clock, so that a test can set it. */
export const clock = {
  /** Milliseconds since 1970. */
  now: (): number => Date.now(),
}

/** Now as an ISO instant in UTC. */
export function nowIso(): string {
  return new Date(clock.now()).toISOString()
}
