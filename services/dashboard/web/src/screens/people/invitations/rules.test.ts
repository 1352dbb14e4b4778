import { expect, test } from 'vitest'
import type { Family, State } from './data'
import { bytesOf, lacking, withoutSheet } from './rules'

const family = (guardian: string, pupil: string, state: State, code: string | null = null): Family => ({
  guardian: { id: guardian, family: '中村', given: guardian },
  relation_word: '母',
  pupil: { id: pupil, family: '中村', given: pupil },
  number: 1,
  state,
  code: code === null ? null : { id: code, issued_at: '', issued_by: '', last_day: '2026-12-20' },
  signed_in_on: null,
})

test('only who has neither signed in nor a sheet that holds gets one, and each once', () => {
  const families = [
    family('a', 'one', 'none'),
    family('a', 'two', 'none'),
    family('b', 'one', 'signed_in'),
    family('c', 'three', 'holding', 'k'),
    family('d', 'four', 'expired', 'old'),
  ]
  expect(withoutSheet(families)).toEqual([
    { guardian: 'a', pupil: 'one', seen: null },
    { guardian: 'd', pupil: 'four', seen: 'old' },
  ])
  expect(lacking({ guardians: 4, signed_in: 1, holding: 1, expired: 1, none: 1 })).toBe(2)
})

test('a PDF comes through byte for byte', () => {
  expect([...bytesOf('JVBERi0A/w==')]).toEqual([0x25, 0x50, 0x44, 0x46, 0x2d, 0, 0xff])
})
