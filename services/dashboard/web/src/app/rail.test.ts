import { expect, it } from 'vitest'
import type { Me } from '~/api/types'
import { placeOf, placesOf } from './rail'

const railed = (...rail: string[]) => placesOf({ rail } as unknown as Me)

it('shows only what the server sends, in its order, and passes over what it does not know', () => {
  expect(railed('operations', 'today', 'karte').map(({ id }) => id)).toEqual(['operations', 'today'])
})

it("marks the place that a screen belongs to among the person's own", () => {
  expect(placeOf('/classes/1/days/2026-11-20/roll', railed('today'))).toBe('today')
  expect(placeOf('/classes/1/days/2026-11-20/roll', railed('school'))).toBe('school')
  expect(placeOf('/classes/1/register/2026-11', railed('today', 'register'))).toBe('register')
  expect(placeOf('/classes/1/register/year', railed('today'))).toBe('today')
  expect(placeOf('/schools/1/days/2026-11-20', railed('board'))).toBe('board')
  expect(placeOf('/schools/1/rollover/2027', railed('school', 'next_year'))).toBe('next_year')
  expect(placeOf('/schools/1/rollover/2027', railed('board', 'rollover'))).toBe('rollover')
  expect(placeOf('/rollover/2027', railed('board', 'rollover'))).toBe('rollover')
  expect(placeOf('/settings/calendar/2026', railed('board', 'settings'))).toBe('settings')
  expect(placeOf('/operations', railed('today'))).toBeNull()
  expect(placeOf('/nowhere', railed('today'))).toBeNull()
})
