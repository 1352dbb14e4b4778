import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n } from '@lingui/core'
import { addDays, clockTime, dayParts, eraDay, instant, japanDay, timeOf, weekday, workDay } from './dates'

beforeAll(() => i18n.loadAndActivate({ locale: 'ja', messages: {} }))

describe('days', () => {
  it('writes a work day with its weekday', () => {
    expect(workDay('2026-11-21')).toBe('11月21日（土）')
    expect(workDay('2026-11-01')).toBe('11月1日（日）')
  })

  it('changes the era on the right day', () => {
    expect(eraDay('2019-04-30')).toBe('平成31年4月30日')
    expect(eraDay('2019-05-01')).toBe('令和元年5月1日')
  })

  it('crosses months, years and leap days', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  })

  it('refuses days that do not exist', () => {
    expect(dayParts('2026-02-30')).toBeNull()
    expect(dayParts('2026-13-01')).toBeNull()
    expect(dayParts('20261101')).toBeNull()
    expect(workDay('あした')).toBe('あした')
  })

  it('adds and takes away the same days', () => {
    const days = fc.integer({ min: -20_000, max: 40_000 })
    fc.assert(
      fc.property(days, fc.integer({ min: -4000, max: 4000 }), (from, n) => {
        const day = addDays('2000-01-01', from)
        expect(addDays(addDays(day, n), -n)).toBe(day)
        expect(weekday(addDays(day, 7))).toBe(weekday(day))
      }),
    )
  })
})

describe('instants', () => {
  it('reads every offset form a service writes', () => {
    const at = Date.UTC(2026, 10, 19, 23, 21, 5)
    for (const iso of ['2026-11-19T23:21:05Z', '2026-11-20T08:21:05+09:00', '2026-11-20T08:21:05+0900', '2026-11-19T23:21:05.000000+00:00'])
      expect(instant(iso)).toBe(at)
    expect(instant('2026-11-20T08:21:05')).toBeNull()
    expect(instant('8:21')).toBeNull()
  })

  it("shows Japan's time on any device, and the day only when it is another", () => {
    expect(timeOf('2026-11-19T23:21:05Z')).toBe('8:21')
    expect(timeOf('2026-11-19T23:21:05Z', '2026-11-20')).toBe('8:21')
    expect(timeOf('2026-11-18T23:21:05Z', '2026-11-20')).toBe('11月19日（木） 8:21')
    expect(timeOf(null)).toBe('')
    expect(clockTime(Date.UTC(2026, 0, 1, 15, 4))).toBe('0:04')
    expect(japanDay(Date.UTC(2026, 0, 1, 15, 4))).toBe('2026-01-02')
  })
})
