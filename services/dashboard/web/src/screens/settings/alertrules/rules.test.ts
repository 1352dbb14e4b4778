import { expect, test } from 'vitest'
import type { Day } from '~/dates/dates'
import { countedBy, lately, sameDraft, slipsOf, tellsOfSeven } from './rules'
import type { Rule } from './data'

const ROW: Rule = { code: 'row_3', word: '3日続けて欠席', kind: 'row', days: 3, excused: true }
const LADDER = { row: [2, 3, 5, 7], year: [5, 30] }

test('what is wrong with a rule is named', () => {
  expect(slipsOf(ROW, LADDER)).toEqual([])
  expect(slipsOf({ ...ROW, word: ' ', days: 4 }, LADDER)).toEqual(['word', 'days'])
})

test('days that the other way of counting does not know become its fewest', () => {
  expect(countedBy('year', ROW, LADDER)).toEqual({ kind: 'year', days: 5 })
  expect(countedBy('row', { ...ROW, kind: 'year', days: 5 }, LADDER)).toEqual({ kind: 'row', days: 5 })
})

test('seven days without a reason are told to the board', () => {
  expect(tellsOfSeven([ROW])).toBe(false)
  expect(tellsOfSeven([{ ...ROW, days: 10, excused: false }])).toBe(false)
  expect(tellsOfSeven([{ ...ROW, kind: 'year', days: 5, excused: false }])).toBe(false)
  expect(tellsOfSeven([ROW, { ...ROW, days: 7, excused: false }])).toBe(true)
})

test('a draft that says the same is the same', () => {
  expect(sameDraft([ROW], [{ ...ROW, word: '3日続けて欠席 ' }])).toBe(true)
  expect(sameDraft([ROW], [{ ...ROW, excused: false }])).toBe(false)
})

test('the last months are chosen first', () => {
  expect(lately(['2026-04-01'] as Day[])).toEqual(['2026-04-01'])
  expect(lately(['2026-08-01', '2026-09-01', '2026-10-01', '2026-11-01'] as Day[])).toHaveLength(3)
})
