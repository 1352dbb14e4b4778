import { expect, it } from 'vitest'
import { liveState, retryDelay, sameState, union } from './rules'

it('is lost only after 20 seconds of silence', () => {
  expect(liveState(true, 1000, 11_000)).toEqual({ kind: 'live' })
  expect(liveState(false, 1000, 11_000)).toEqual({ kind: 'connecting' })
  expect(liveState(false, 1000, 21_001)).toEqual({ kind: 'lost', since: 1000 })
  expect(liveState(true, 1000, 21_001)).toEqual({ kind: 'lost', since: 1000 })
})

it('is as old as the oldest thing shown that could not be brought up to date', () => {
  expect(liveState(true, 50_000, 51_000, [30_000, 12_000])).toEqual({ kind: 'lost', since: 12_000 })
  expect(liveState(true, 5000, 51_000, [30_000])).toEqual({ kind: 'lost', since: 5000 })
  expect(sameState({ kind: 'lost', since: 1 }, { kind: 'lost', since: 1 })).toBe(true)
  expect(sameState({ kind: 'lost', since: 1 }, { kind: 'lost', since: 2 })).toBe(false)
  expect(sameState({ kind: 'live' }, { kind: 'connecting' })).toBe(false)
})

it('tries again soon at first, then at most every 15 to 23 seconds', () => {
  expect([1, 2, 3, 4, 5, 20].map((n) => retryDelay(n, 0))).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000])
  expect(retryDelay(20, 1)).toBe(22_500)
})

it('asks for what any tab shows', () => {
  expect(union([['b', 'a'], [], ['a', 'c']])).toEqual(['a', 'b', 'c'])
})
