import { expect, it } from 'vitest'
import { Freshness } from './behind'

const S = 1000
const DAY = 86_400 * S

it('tells old copies whatever the clocks of server and device say', () => {
  for (const apart of [0, -DAY, 3600 * S]) {
    const freshness = new Freshness()
    expect(freshness.isBehind(apart, 0)).toBe(false)
    expect(freshness.isBehind(apart + 30 * S, 30 * S)).toBe(false)
    expect(freshness.isBehind(apart + 30 * S, 45 * S)).toBe(false)
    expect(freshness.isBehind(apart + 30 * S, 60 * S)).toBe(true)
    expect(freshness.isBehind(apart + 61 * S, 61 * S)).toBe(false)
  }
})

it('learns the distance from the freshest answer, and anew when a clock was set', () => {
  const freshness = new Freshness()
  expect(freshness.isBehind(0, 100 * S)).toBe(false)
  expect(freshness.isBehind(110 * S, 110 * S)).toBe(false)
  expect(freshness.isBehind(60 * S, 120 * S)).toBe(true)
  expect(freshness.isBehind(130 * S - DAY, 130 * S)).toBe(false)
  expect(freshness.isBehind(135 * S - DAY, 160 * S)).toBe(true)
})

it("tells the server's time at an instant of the device", () => {
  const freshness = new Freshness()
  expect(freshness.there(60 * S)).toBe(60 * S)
  freshness.isBehind(-2 * DAY, 0) // the training day is the day before yesterday
  expect(freshness.there(60 * S)).toBe(60 * S - 2 * DAY)
  freshness.isBehind(-2 * DAY + S, 60 * S) // an old answer moves no clock
  expect(freshness.there(60 * S)).toBe(60 * S - 2 * DAY)
})
