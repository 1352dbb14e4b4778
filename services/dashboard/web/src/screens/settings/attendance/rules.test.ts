import { expect, it } from 'vitest'
import type { Row } from './data'
import { daysOf, fresh, same } from './rules'

const row = (word: string): Row => ({ code: word, counts: 'sick', word, glyph: '病', key: 'K', days: null })

it('knows whether anything was written', () => {
  const told = { rows: [row('病欠'), row('風邪')], holidays: false }
  expect(same(told, { rows: [row('病欠'), row('風邪')], holidays: false })).toBe(true)
  expect(same(told, { rows: [row('風邪'), row('病欠')], holidays: false })).toBe(false)
  expect(same(told, { ...told, holidays: true })).toBe(false)
  expect(same(told, { rows: [row('病欠')], holidays: false })).toBe(false)
  expect(same({ rows: [fresh('symbols')], holidays: false }, { rows: [{ ...fresh('symbols'), key: 'Y' }], holidays: false })).toBe(false)
})

it('reads days as people write them', () => {
  expect(['3', '３', '３日', ' 10日 ', '三', '', '1.5', '100'].map(daysOf)).toEqual([3, 3, 3, 10, null, null, null, null])
})
