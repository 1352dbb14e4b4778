import { i18n } from '@lingui/core'
import { beforeAll, expect, it } from 'vitest'
import { NotConnected, Problem } from '~/api/problem'
import { byKind, daysTold, ofSchool, turned } from './rules'

beforeAll(() => i18n.loadAndActivate({ locale: 'ja', messages: {} }))

it('tells grades with the same numbers together, and every grade once', () => {
  expect(daysTold({ days_before: { P1: 202, P2: 203, P3: 203 }, days_after: { P1: 200, P2: 201, P3: 201 } })).toEqual(['1年 202日 → 200日', '2年・3年 203日 → 201日'])
  expect(daysTold({ days_before: {}, days_after: { P1: 1, P2: 2, P3: 2, P4: 2 } })[1], 'one after another').toBe('2年〜4年 0日 → 2日')
  expect(daysTold({ days_before: {}, days_after: { P1: 2, P2: 1, P3: 2, P4: 2 } })[0], 'with a gap').toBe('1年・3年・4年 0日 → 2日')
  expect(daysTold({ days_before: { J1: 203, J2: 203 }, days_after: { J1: 203, J2: 203 } })).toEqual(['全学年 203日のまま'])
  expect(daysTold({ days_before: {}, days_after: { E3: 180 } })).toEqual(['全学年 0日 → 180日'])
})

it('chooses a kind whole, and takes it back whole', () => {
  const school = (id: string, kind: 'elementary' | 'junior_high') => ({ id, name: id, kind, standing: null, applied_at: null })
  expect(byKind([school('a', 'junior_high'), school('b', 'elementary'), school('c', 'junior_high')])).toEqual([
    { kind: 'elementary', ids: ['b'] },
    { kind: 'junior_high', ids: ['a', 'c'] },
  ])
  expect([...turned(new Set(['a', 'b']), ['a', 'c'])]).toEqual(['a', 'b', 'c'])
  expect([...turned(new Set(['a', 'b', 'c']), ['a', 'c'])]).toEqual(['b'])
})

it('goes on past a school that cannot be, and stops where nothing further can be done', () => {
  const problem = (status: number, errors: { field?: string; cell?: string; message: string }[]) => new Problem({ type: 'about:blank', title: '', status, detail: '', errors })
  expect(ofSchool(problem(409, [{ field: 'a', message: '' }]), 'a')?.kind).toBe('refused')
  expect(ofSchool(problem(409, []), 'a'), 'the plan is another one').toBeNull()
  expect(ofSchool(problem(409, [{ field: 'b', message: '' }]), 'a')).toBeNull()
  expect(ofSchool(problem(422, [{ cell: '3行目の日付', message: '重なります。' }]), 'a')).toEqual({ kind: 'refused', words: ['3行目の日付 重なります。'] })
  for (const status of [401, 404, 503]) expect(ofSchool(problem(status, []), 'a')).toBeNull()
  expect(ofSchool(new NotConnected(), 'a')).toBeNull()
})
