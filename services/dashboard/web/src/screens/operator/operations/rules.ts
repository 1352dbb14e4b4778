import type { FeedState, Operations } from '~/api/types'

/** Above this a copy is behind: pages promise a second. */
export const BEHIND_SECONDS = 1

export function isBehind(feed: FeedState): boolean {
  return feed.lag_seconds > BEHIND_SECONDS
}

/** Everything that is not as it should be, each once: what stands is not told as late; of what is parked, how many events. */
export function troubles(state: Operations) {
  const stopped = state.feeds.filter(({ stopped_because: because }) => because !== null)
  return {
    down: state.services.filter(({ ready }) => !ready),
    stopped,
    behind: state.feeds.filter((feed) => isBehind(feed) && !stopped.includes(feed)),
    parked: state.parked.reduce((sum, { count }) => sum + count, 0),
  }
}

export function isHealthy(state: Operations): boolean {
  const { down, stopped, behind, parked } = troubles(state)
  return down.length + stopped.length + behind.length + parked === 0
}

/** The feeds, those that are behind first, else in the server's order. */
export function worstFirst(feeds: readonly FeedState[]): readonly FeedState[] {
  return feeds.toSorted((a, b) => Number(isBehind(b)) - Number(isBehind(a)))
}

export type Reason =
  | { readonly kind: 'none' | 'behind' }
  | { readonly kind: 'hole'; readonly version: number }
  | { readonly kind: 'fold' | 'unknown'; readonly told: string }

/** What the services say of a record that waits, taken apart. */
export function reasonOf(reason: string | null): Reason {
  if (reason === null) return { kind: 'none' }
  if (reason === 'an earlier record of this key waits') return { kind: 'behind' }
  const hole = /^version (\d+) of \S+ is missing$/.exec(reason)
  if (hole) return { kind: 'hole', version: Number(hole[1]) }
  const fold = /^(?:does not fold|cannot be handled): (.*)$/.exec(reason)
  if (fold) return { kind: 'fold', told: fold[1]! }
  return { kind: 'unknown', told: reason }
}

/** Whether a text is a sentence of ours, and not the name of an error. */
export function isSentence(told: string): boolean {
  return /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(told)
}
