import type { Rollover, Run, SchoolNumbers } from './types'

/** Whether a process is at work, so that the page looks different in a moment. */
export function isMoving({ look, runs }: Rollover): boolean {
  return look?.state === 'looking' || look?.state === 'beginning' || runs.some(({ working }) => working)
}

/** Parts of a hundred, never 100 before the end; null while nobody knows of how many. */
export function percent(done: number, whole: number): number | null {
  if (whole <= 0) return null
  return done >= whole ? 100 : Math.min(99, Math.floor((100 * done) / whole))
}

/** The run that stands or is under way: what the page is about. One that was taken back is history. */
export function standing(runs: readonly Run[]): Run | null {
  return runs.find(({ state, working }) => working || state !== 'reverted') ?? null
}

/** Of those whose next year stood already, who stay at the school: the others are among those who go from it. */
export function settledHere({ became, to }: Pick<SchoolNumbers, 'became' | 'to'>): number {
  const going = to.reduce((sum, { number }) => sum + number, 0)
  return (became.prepared ?? 0) - (going - (became.advancing ?? 0))
}
