import { expect, it } from 'vitest'
import type { Cell, CellKind, Counts, Month } from './data'
import { beside, clashes, isTold, openDays, stepped, sumsOf } from './rules'

const cell = (kind: CellKind, contradiction: string | null = null): Cell => ({ kind, glyph: '', symbol: null, contradiction })
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
