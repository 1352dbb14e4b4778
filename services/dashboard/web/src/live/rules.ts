/** What the live connection shows and when it tries again. Pure. */

/** Heartbeats come every 10 s; a stream silent for longer than this is taken for lost. */
export const LOST_AFTER_MS = 20_000

export type LiveState =
  /** Changes arrive by themselves. */
  | { readonly kind: 'live' }
  /** Not connected yet, or for less than 20 s: nothing to worry anybody with. */
  | { readonly kind: 'connecting' }
  /** What is shown was last known to be right at `since`. */
  | { readonly kind: 'lost'; readonly since: number }

/** `old`: times of shown data that could not be brought up to date although the stream stands. */
export function liveState(connected: boolean, heardAt: number, now: number, old: readonly number[] = []): LiveState {
  if (old.length) return { kind: 'lost', since: Math.min(...old, now - heardAt > LOST_AFTER_MS ? heardAt : now) }
  if (now - heardAt > LOST_AFTER_MS) return { kind: 'lost', since: heardAt }
  return connected ? { kind: 'live' } : { kind: 'connecting' }
}

export function sameState(one: LiveState, other: LiveState): boolean {
  return one.kind === other.kind && (one.kind !== 'lost' || other.kind !== 'lost' || one.since === other.since)
}

/** Milliseconds to wait before attempt `n` (1 = first repeat): 1, 2, 4, 8, 15, 15 … with up to half as much again. */
export function retryDelay(n: number, random: number): number {
  const base = Math.min(15_000, 1000 * 2 ** (n - 1))
  return base * (1 + random / 2)
}

/** The keys all tabs want, sorted, once each. */
export function union(wanted: Iterable<readonly string[]>): string[] {
  return [...new Set([...wanted].flat())].toSorted()
}
