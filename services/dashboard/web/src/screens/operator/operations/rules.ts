import type { FeedState, Operations } from '~/api/types'

/** Above this a copy is behind: pages promise a second. */
export const BEHIND_SECONDS = 1

export function isBehind(feed: FeedState): boolean {
  return feed.lag_seconds > BEHIND_SECONDS
}

/** Everything that is not as it should be; of what is parked, how many events. */
export function troubles(state: Operations) {
  return {
    down: state.services.filter(({ ready }) => !ready),
    behind: state.feeds.filter(isBehind),
    parked: state.parked.reduce((sum, { count }) => sum + count, 0),
  }
}

export function isHealthy(state: Operations): boolean {
  const { down, behind, parked } = troubles(state)
  return down.length + behind.length + parked === 0
}

/** The feeds, those that are behind first, else in the server's order. */
export function worstFirst(feeds: readonly FeedState[]): readonly FeedState[] {
  return feeds.toSorted((a, b) => Number(isBehind(b)) - Number(isBehind(a)))
}
