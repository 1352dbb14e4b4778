import { expect, it } from 'vitest'
import type { BesideMark, Cell, CellKind, Counts, Month } from './data'
import { beside, besides, clashes, isTold, marksFor, numberOf, openDays, stepped, sumsOf, unclosed } from './rules'

const cell = (kind: CellKind, contradiction: string | null = null): Cell => ({ kind, glyph: '', symbol: null, contradiction, beside: null, seen: 0 })
const month = (...rows: Cell[][]): Month =>
  ({
    lines: rows.map((cells) => ({ cells })),
    days: (rows[0] ?? []).map((_, n) => ({
      on: `2026-11-0${n + 1}`,
      counts: { unrecorded: rows.filter((cells) => cells[n]!.kind === 'unrecorded').length },
    })),
  }) as unknown as Month

it('has 未入力 among the sums only while there is any', () => {
  expect(sumsOf({ unrecorded: 0 } as Counts)).not.toContain('unrecorded')
  expect(sumsOf({ unrecorded: 2 } as Counts).at(-1)).toBe('unrecorded')
})

it('has 出席扱い among the sums only where there is any, and before 未入力', () => {
  expect(sumsOf({ unrecorded: 0, credited: 0 } as Counts)).not.toContain('credited')
  expect(sumsOf({ unrecorded: 2, credited: 1 } as Counts).slice(-2)).toEqual(['credited', 'unrecorded'])
})

it('offers 別室 only of a day of 出席, and nothing of a day on which nobody had to come', () => {
  const marks: readonly BesideMark[] = [{ code: 'a', kind: 'credited', glyph: '扱', word: '', days: null }, { code: 'b', kind: 'elsewhere', glyph: '別', word: '', days: null }, { code: 'c', kind: 'kin', glyph: '', word: '', days: 3 }]
  const of = (kind: CellKind) => marksFor({ ...month(), beside: marks }, cell(kind)).map(({ code }) => code)
  expect(of('present')).toEqual(['a', 'b'])
  expect(of('absent')).toEqual(['a'])
  for (const kind of ['apart', 'unrecorded', 'closed'] as const) expect(of(kind)).toEqual([])
  const bereaved = { ...month(), beside: marks, symbols: [{ category: 'bereavement' }, { category: 'suspension' }] } as unknown as Month
  expect(marksFor(bereaved, { ...cell('apart'), symbol: 0 }).map(({ code }) => code)).toEqual(['c'])
  expect(marksFor(bereaved, { ...cell('apart'), symbol: 1 })).toEqual([])
})

it('counts classes that nobody has closed, and those that were sent back', () => {
  const of = (...states: Month['classes'][number]['state'][]) => unclosed({ ...month(), classes: states.map((state) => ({ state })) } as unknown as Month).length
  expect(of('closed', 'checked')).toBe(0)
  expect(of(null, 'returned', 'closed')).toBe(2)
})

it('explains the signs that stand on the sheet', () => {
  const stood = (kind: BesideMark['kind']): Cell => ({ ...cell('present'), beside: { kind } as Cell['beside'] })
  expect(besides(month([cell('present')]))).toEqual([])
  expect(besides(month([stood('elsewhere'), stood('credited')]))).toEqual(['credited', 'elsewhere'])
})

it('reads days of a year as people write them', () => {
  expect(['120', '１２０日', ' 0 ', '百', '', '-1', '367', '366'].map(numberOf)).toEqual([120, 120, 0, null, null, null, null, 366])
})

it('turns within the months of the year and not beyond', () => {
  const months = ['2026-04', '2026-05', '2026-06']
  expect(beside(months, '2026-05')).toEqual({ before: '2026-04', after: '2026-06' })
  expect(beside(months, '2026-04').before).toBeUndefined()
  expect(beside(months, '2026-06').after).toBeUndefined()
  expect(beside(months, 'year')).toEqual({ before: undefined, after: undefined })
})

it('steps over days without lessons and stays at the edge', () => {
  const of = month([cell('present'), cell('off'), cell('absent')], [cell('struck'), cell('off'), cell('late' as CellKind)])
  expect(stepped(of, 0, 0, 0, 1)).toEqual([0, 2])
  expect(stepped(of, 0, 2, 0, -1)).toEqual([0, 0])
  expect(stepped(of, 0, 2, 0, 1)).toEqual([0, 2])
  expect(stepped(of, 0, 0, 1, 0)).toEqual([0, 0])
  expect(isTold(cell('ahead'))).toBe(false)
})

it('names the days that are open, and those two people tell differently', () => {
  const of = month([cell('unrecorded'), cell('present', 'said_otherwise_later')], [cell('unrecorded'), cell('present')])
  expect(openDays(of)).toEqual([{ on: '2026-11-01', children: 2 }])
  expect(clashes(of).map(({ day }) => day)).toEqual([1])
})
