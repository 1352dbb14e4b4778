import { expect, it } from 'vitest'
import { askedFor, bases, FIRST, megabytes, type Use } from './rules'
import type { Export } from './types'

const one = (more: Partial<Export>) => ({ id: 'a', school: null, instant: '2026-11-20T08:00:00.000Z', ...more }) as Export
const wish = { ...FIRST, use: 'kept' as const, purpose: ' 控え ' }

it('asks for all of today unless something else is said', () => {
  expect(askedFor(wish, [], '2027-04-01', true)).toEqual({ purpose: '控え', profile: '1.2_JP', since: null, as_of: null, school: null, for_others: false, protected: false })
  expect(askedFor({ ...wish, next: true }, [], '2027-04-01', true)).toMatchObject({ as_of: '2027-04-01' })
})

it('is not ready without a purpose, or without the instant of a delta', () => {
  expect(askedFor({ ...wish, purpose: '　' }, [], '2027-04-01', true)).toBeNull()
  expect(askedFor({ ...wish, range: 'day' }, [], '2027-04-01', true)).toBeNull()
  expect(askedFor({ ...wish, range: 'gone' }, [one({})], '2027-04-01', true)).toBeNull()
})

it('tells changes since an earlier export, to the instant, or since a day in Japan', () => {
  expect(askedFor({ ...wish, range: 'a' }, [one({})], '2027-04-01', true)).toMatchObject({ since: '2026-11-20T08:00:00.000Z' })
  expect(askedFor({ ...wish, range: 'day', day: '2026-11-01' }, [], '2027-04-01', true)).toMatchObject({ since: '2026-11-01T00:00:00+09:00' })
})

it('takes protected children along for coming back alone, and for whoever may', () => {
  const asked = (use: Use | null, may: boolean) => askedFor({ ...wish, use }, [], '2027-04-01', may)
  expect(asked('back', true)).toMatchObject({ protected: true, for_others: false })
  expect(asked('back', false)).toMatchObject({ protected: false, for_others: false })
  expect(asked('kept', true)).toMatchObject({ protected: false, for_others: false })
  expect(asked('others', true)).toMatchObject({ protected: false, for_others: true })
  expect(asked(null, true)).toBeNull()
})

it('stands on exports of the same schools that were written whole', () => {
  const all = [one({ id: 'a' }), one({ id: 'b', school: 's' }), one({ id: 'c', instant: null })]
  expect(bases(all, null).map(({ id }) => id)).toEqual(['a'])
  expect(bases(all, 's').map(({ id }) => id)).toEqual(['b'])
})

it('says sizes with one place, and never nothing', () => {
  expect([megabytes(1), megabytes(2_340_000)]).toEqual(['0.1', '2.3'])
})
