/**
 * School days and times of day.
 *
 * A day is a plain ISO text (`2026-11-20`), never an instant: nothing here depends on the device's time zone.
 * An instant (`taken_at`, `as_of`) arrives as ISO text with an offset and is shown as Japan's time of day.
 */
import { t } from '@lingui/core/macro'

/** A calendar day, `YYYY-MM-DD`. */
export type Day = string

interface Parts {
  readonly y: number
  readonly m: number
  readonly d: number
}

const JAPAN_OFFSET_MS = 9 * 3_600_000

/** The parts of an ISO day, or null if it is not one (month 13, 30 February). */
export function dayParts(day: string): Parts | null {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!found) return null
  const [y, m, d] = [Number(found[1]), Number(found[2]), Number(found[3])]
  return isoDay(utc({ y, m, d })) === day ? { y, m, d } : null
}

function utc({ y, m, d }: Parts): number {
  return Date.UTC(y, m - 1, d)
}

function isoDay(ms: number): Day {
  return new Date(ms).toISOString().slice(0, 10)
}

/** The day `n` days later (earlier when negative). An unreadable day stays as it is. */
export function addDays(day: Day, n: number): Day {
  const parts = dayParts(day)
  return parts ? isoDay(utc(parts) + n * 86_400_000) : day
}

/** 0 = Sunday … 6 = Saturday. */
export function weekday(day: Day): number {
  const parts = dayParts(day)
  return parts ? new Date(utc(parts)).getUTCDay() : 0
}

function weekdayWord(day: Day): string {
  return t`日月火水木金土`.charAt(weekday(day))
}

/** 「11月21日（土）」, the form of every work screen. */
export function workDay(day: Day): string {
  const parts = dayParts(day)
  if (!parts) return day
  const { m, d } = parts
  const w = weekdayWord(day)
  return t`${m}月${d}日（${w}）`
}

/** 「2018年5月6日」: days of birth, and days of other years. */
export function fullDay(day: Day): string {
  const parts = dayParts(day)
  if (!parts) return day
  const { y, m, d } = parts
  return t`${y}年${m}月${d}日`
}

/** 「11月21日」, where the weekday says nothing. */
export function monthDay(day: Day): string {
  const parts = dayParts(day)
  if (!parts) return day
  const { m, d } = parts
  return t`${m}月${d}日`
}

/** 「令和8年11月21日」: training marks and prints. */
export function eraDay(day: Day): string {
  const parts = dayParts(day)
  if (!parts) return day
  return new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { dateStyle: 'long', timeZone: 'UTC' }).format(utc(parts))
}

/** 「令和8年度」 of the integer of its 1 April. */
export function schoolYearWord(year: number): string {
  const era = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { era: 'long', year: 'numeric', timeZone: 'UTC' }).format(utc({ y: year, m: 4, d: 30 }))
  return t`${era}度`
}

/** Milliseconds of an ISO instant with an offset, or null. */
export function instant(iso: string): number | null {
  const found = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})$/i.exec(iso)
  if (!found) return null
  const [, y, mo, d, h, mi, s = '0', fraction = '0', zone = 'Z'] = found
  const local = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
  return local + Math.trunc(Number(`0.${fraction}`) * 1000) - zoneMs(zone)
}

function zoneMs(zone: string): number {
  if (/^z$/i.test(zone)) return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.replace(/[^\d]/g, '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000
}

/** 「8:21」 in Japan's time. */
export function clockTime(ms: number): string {
  const at = new Date(ms + JAPAN_OFFSET_MS)
  return `${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, '0')}`
}

/** The day in Japan at an instant. */
export function japanDay(ms: number): Day {
  return isoDay(ms + JAPAN_OFFSET_MS)
}

/** 「8:21」, or 「11月20日（金） 8:21」 when the instant lies on another day than `on`. Empty for an unreadable one. */
export function timeOf(iso: string | null | undefined, on?: Day): string {
  const ms = iso ? instant(iso) : null
  if (ms === null) return ''
  const day = japanDay(ms)
  return on !== undefined && day !== on ? `${workDay(day)} ${clockTime(ms)}` : clockTime(ms)
}
