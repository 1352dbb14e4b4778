import { afterEach, expect, it, vi } from 'vitest'
import { clock } from '~/dates/clock'
import { uuid7 } from './uuid7'

afterEach(() => vi.restoreAllMocks())

it('is a UUIDv7 whose first 48 bits are the time', () => {
  vi.spyOn(clock, 'now').mockReturnValue(0x0192_3456_789a)
  expect(uuid7()).toMatch(/^01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

it('does not repeat', () => {
  expect(new Set(Array.from({ length: 1000 }, uuid7)).size).toBe(1000)
})
