import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n } from '@lingui/core'
import { addDays, eraDay, workDay } from './dates'
import { readDay, schoolYear, whyNoDay } from './read'

const TODAY = '2026-11-20'

beforeAll(() => i18n.loadAndActivate({ locale: 'ja', messages: {} }))

describe('days as people write them', () => {
  it.each([
    ['今日', '2026-11-20'],
    ['明日', '2026-11-21'],
    ['11/21', '2026-11-21'],
    ['１１／２１', '2026-11-21'],
    ['4/8', '2026-04-08'],
    ['3/24', '2027-03-24'],
    ['3月24日（水）', '2027-03-24'],
    ['2026/5/9', '2026-05-09'],
    ['2026-05-09', '2026-05-09'],
    ['R8.5.9', '2026-05-09'],
    ['令和8年5月9日', '2026-05-09'],
    ['令和元年5月1日', '2019-05-01'],
    ['H31.4.30', '2019-04-30'],
    ['2/30', null],
    ['13/1', null],
    ['8.5.9', null],
    ['5月', null],
    ['', null],
  ])('%s', (text, day) => {
    expect(readDay(text, TODAY)).toBe(day)
  })

  it.each([
    ['2026-02-30', '2026年2月30日という日はありません。日付を確かめてください'],
    ['２／２９', '2027年2月29日という日はありません。日付を確かめてください'],
    ['R8.13.1', '2026年13月1日という日はありません。日付を確かめてください'],
    ['5月', '「5月」は日付として読めません。11/21 のように書いてください'],
    ['8.5.9', '「8.5.9」は日付として読めません。11/21 のように書いてください'],
  ])('says of %s why it is none', (text, why) => {
    expect(whyNoDay(text, TODAY, '11/21')).toBe(why)
  })

  it('reads back whatever it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -300, max: 130 }), (n) => {
        const day = addDays(TODAY, n)
        expect(readDay(eraDay(day), TODAY)).toBe(day)
        expect(readDay(day, TODAY)).toBe(day)
        if (schoolYear(day) === 2026) expect(readDay(workDay(day), TODAY)).toBe(day)
      }),
    )
  })
})
