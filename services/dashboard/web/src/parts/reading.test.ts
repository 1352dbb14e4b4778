import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isReading, reading } from './reading'

it.each([
  ['あずま', 'アズマ'],
  ['ｱｽﾞﾏ', 'アズマ'],
  ['　みすゞ ', 'ミスヾ'],
  ['か\u3099んま', 'ガンマ'],
  ['ゐゑゔゕ', 'ヰヱヴヵ'],
  ['グエン・ティ ラン', 'グエン・ティ ラン'],
  ['ろーら', 'ローラ'],
  ['わ\u3099', 'ヷ'],
  ['', ''],
])('%s is kept as %s', (typed, kept) => {
  expect(reading(typed)).toBe(kept)
  expect(isReading(typed)).toBe(true)
})

it.each(['東', 'Azuma', 'あずま1', 'アズマ!', '１'])('%s is no reading', (typed) => {
  expect(isReading(typed)).toBe(false)
})

it('changes nothing that it has made', () => {
  const kana = fc.string({ unit: fc.constantFrom(...Array.from('あぁゔわゝゞカヷヴーｶﾞﾊﾟｰ・ 　\u3099\u309a東a１')) })
  fc.assert(
    fc.property(kana, (typed) => {
      expect(reading(reading(typed))).toBe(reading(typed))
    }),
  )
})
