import { expect, it } from 'vitest'
import { isMoving, percent, settledHere, standing } from './rules'
import type { Look, Rollover, Run } from './types'

const run = (more: Partial<Run>) => ({ run: 1, state: 'done', working: false, ...more }) as Run
const page = (look: Partial<Look> | null, ...runs: Run[]) => ({ look, runs }) as unknown as Rollover

it('is asked for again while a process works on it, and only then', () => {
  expect(isMoving(page({ state: 'looking' }))).toBe(true)
  expect(isMoving(page({ state: 'beginning' }))).toBe(true)
  expect(isMoving(page({ state: 'ready' }, run({})))).toBe(false)
  expect(isMoving(page(null, run({ state: 'applying', working: true })))).toBe(true)
  expect(isMoving(page(null, run({ state: 'applying' })))).toBe(false)
})

it('is about the newest run that was not taken back', () => {
  expect(standing([run({ run: 3, state: 'reverted' }), run({ run: 2 }), run({ run: 1 })])?.run).toBe(2)
  expect(standing([run({ run: 3, state: 'done', working: true })])?.run).toBe(3)
  expect(standing([run({ state: 'reverted' })])).toBeNull()
})

it('is never whole before the end', () => {
  expect([percent(0, 0), percent(199, 200), percent(200, 200)]).toEqual([null, 99, 100])
})

it('tells who stays from who goes of those whose next year stood already', () => {
  const to = [
    { school: 'j', name: '中', number: 48 },
    { school: 's', name: '小', number: 2 },
  ]
  expect(settledHere({ became: { promoted: 280, advancing: 47, prepared: 3 }, to })).toBe(0)
  expect(settledHere({ became: { prepared: 330 }, to })).toBe(280)
  expect(settledHere({ became: { promoted: 280 }, to: [] })).toBe(0)
})
