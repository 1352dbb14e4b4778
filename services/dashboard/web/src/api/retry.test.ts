import { expect, it } from 'vitest'
import { NotConnected, problemFrom } from './problem'
import { retryDelay, worthRetrying } from './retry'

it('comes back to a full service when it is told to, and not on the second', () => {
  const busy = problemFrom(503, { type: 'https://tsumugi.example/problems/busy' }, '4')
  const delays = Array.from({ length: 50 }, () => retryDelay(0, busy))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(4000)
  expect(Math.max(...delays)).toBeLessThan(5000)
  expect(new Set(delays).size).toBeGreaterThan(1)
  expect(worthRetrying(1, busy)).toBe(true)
})

it('tries what passes again soon, twice, and a refusal never', () => {
  expect([0, 1].map((failures) => retryDelay(failures, new NotConnected()))).toEqual([400, 800])
  expect([0, 1, 2].map((failures) => worthRetrying(failures, new NotConnected()))).toEqual([true, true, false])
  expect(worthRetrying(0, problemFrom(403, {}))).toBe(false)
})
