import { describe, expect, test } from 'vitest'
import type { Person } from '~/api/types'
import type { Child, LessonCode, LessonDay } from './data'
import { changed, clashing, codeOf, counted, firstOpen, kept, needsReason, toSend, undecided } from './rules'

const person = (id: string): Person => ({ id, family: '紬', given: id, family_kana: '', given_kana: '' })

const child = (id: string, proposed: LessonCode | null, said?: LessonCode, more: Partial<Child> = {}): Child => ({
  pupil: person(id),
  number: 1,
  exchange: false,
  day: { status: 'present', code: 'present', revision: 3, facts: [] },
  marks: said ? [{ period: 1, code: said, revision: 2, by: person('t'), at: '2026-11-20T09:00:00+09:00', reason: null }] : [],
  proposed: [proposed],
  clashes: [],
  ...more,
})

const day = (members: readonly Child[], taken = false, more: Partial<LessonDay> = {}): LessonDay => ({
  class_id: 'c',
  name: '2年1組',
  school: { id: 's', name: '第二中学校' },
  on: '2026-11-20',
  why_not_open: null,
  may_take: true,
  may_settle: true,
  may_sum: true,
  month_closed: false,
  day_taken: true,
  symbols: [],
  subjects: [],
  reasons: [],
  lessons: [{ period: 1, revision: taken ? 1 : 0, starts: null, subject: null, members: taken ? members.length : null, at: taken ? '2026-11-20T09:00:00+09:00' : null, by: null }],
  members,
  live: [],
  as_of: '',
  ...more,
})

describe('before a lesson is taken', () => {
  const open = day([child('a', 'here'), child('b', null), child('c', 'here', undefined, { exchange: true })])

  test('what is proposed stands in the row, and nobody is taken for present', () => {
    expect(codeOf(open, 1, open.members[0]!, {})).toBe('here')
    expect(undecided(open, 1, {}).map(({ pupil }) => pupil.id)).toEqual(['b'])
    expect(undecided(open, 1, { b: 'away' })).toEqual([])
  })

  test('every child of 在籍 is sent, none of 交流', () => {
    expect(toSend(open, 1, { b: 'late' }, null)).toEqual([
      { pupil: 'a', seen: 0, code: 'here', reason: null, day_seen: 3 },
      { pupil: 'b', seen: 0, code: 'late', reason: null, day_seen: null },
    ])
  })

  test('what was chosen stays when others were set aside, for nothing was written', () => {
    expect(kept({ a: 'away', b: 'late' }, false, ['a'])).toEqual({ b: 'late' })
    expect(kept({ a: 'away', b: 'late' }, true, ['a'])).toEqual({})
    expect(kept({ b: 'late' }, false, [])).toEqual({})
  })

  test('a reason is asked for in a closed month only', () => {
    expect(needsReason(open, 1, {})).toBe(false)
    expect(needsReason({ ...open, month_closed: true }, 1, {})).toBe(true)
  })
})

describe('after a lesson was taken', () => {
  const taken = day([child('a', 'away', 'here'), child('b', 'here')], true)

  test('what was said stands, and a proposal does not', () => {
    expect(taken.members.map((one) => codeOf(taken, 1, one, {}))).toEqual(['here', null])
    expect(undecided(taken, 1, {})).toEqual([])
  })

  test('only what changes is sent, with the revision that was seen', () => {
    expect(changed(taken, 1, { a: 'here' })).toEqual([])
    expect(toSend(taken, 1, { a: 'away' }, { code: 'told_later', text: '' })).toEqual([{ pupil: 'a', seen: 2, code: 'away', reason: { code: 'told_later', text: '' }, day_seen: null }])
  })

  test('a correction needs a reason, a mark where none was does not', () => {
    expect(needsReason(taken, 1, { a: 'away' })).toBe(true)
    expect(needsReason(taken, 1, { b: 'away' })).toBe(false)
  })
})

test('contradictions that nobody has looked at come first', () => {
  const clash = (settled: boolean) => [{ kind: 'seen_though_absent', words: '', seen: 's', settled }]
  const found = clashing(day([child('a', null), child('b', null, 'here', { clashes: clash(true) }), child('c', null, 'here', { clashes: clash(false) })]))
  expect(found.map(({ pupil }) => pupil.id)).toEqual(['c', 'b'])
})

test('marks are counted by what they say', () => {
  expect(counted(['here', null, 'away', 'here', undefined])).toEqual({ here: 2, away: 1, late: 0, left: 0 })
  expect([firstOpen(day([])), firstOpen(day([], true))]).toEqual([1, null])
  const late = child('b', null)
  expect(firstOpen(day([child('a', null, 'here'), late], true))).toBe(1)
  expect(firstOpen(day([child('a', null, 'here'), { ...late, exchange: true }], true))).toBeNull()
})
