/** Days and times as families' languages write them; in Japanese with the readings by hand, for 20日 is はつか. */
import { useLingui } from '@lingui/react'
import { clockTime, dayParts, instant, japanDay, weekday, type Day } from '~/dates/dates'
import { over } from '~/languages/ruby'
import type { Language } from '~/languages/languages'
import { useSpeaking } from '~/languages/speaking'

/* eslint-disable tsumugi/no-loose-words -- readings of days are of Japanese alone, and never translated */
const MONTH = '月'
const DATE = '日'
const OF_MONTH = 'がつ'
const OF_DATE: Readonly<Record<number, string>> = {
  1: 'ついたち', 2: 'ふつか', 3: 'みっか', 4: 'よっか', 5: 'いつか', 6: 'むいか', 7: 'なのか', 8: 'ようか', 9: 'ここのか', 10: 'とおか',
  14: 'じゅうよっか', 20: 'はつか', 24: 'にじゅうよっか',
}
const OTHER_DATE = 'にち'
const WEEKDAYS = '日月火水木金土'
const OF_WEEKDAY = ['にち', 'げつ', 'か', 'すい', 'もく', 'きん', 'ど']
const [OPEN, CLOSE] = ['（', '）']
/* eslint-enable tsumugi/no-loose-words */

/** Nepali by hand: browsers bring no days and digits of it, and would write them in the language of the device. */
const NEPALI = {
  months: ['जनवरी', 'फेब्रुअरी', 'मार्च', 'अप्रिल', 'मे', 'जुन', 'जुलाई', 'अगस्ट', 'सेप्टेम्बर', 'अक्टोबर', 'नोभेम्बर', 'डिसेम्बर'],
  weekdays: ['आइत', 'सोम', 'मङ्गल', 'बुध', 'बिही', 'शुक्र', 'शनि'],
  digits: '०१२३४५६७८९',
}

function inNepaliDigits(text: string): string {
  return text.replace(/\d/g, (digit) => NEPALI.digits.charAt(Number(digit)))
}

/** 「11月20日（金）」, or as the language writes it. */
export function dayIn({ tag }: Language, day: Day): string {
  const parts = dayParts(day)
  if (!parts) return day
  if (tag === 'ja') return marks(day, (text) => text)
  if (tag === 'ne') return inNepaliDigits(`${NEPALI.months[parts.m - 1]!} ${parts.d}, ${NEPALI.weekdays[weekday(day)]!}`)
  return new Intl.DateTimeFormat(tag, { month: 'long', day: 'numeric', weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(parts.y, parts.m - 1, parts.d))
}

/** The same with readings over it. */
export function markedDay(day: Day): string {
  return marks(day, over)
}

function marks(day: Day, put: (text: string, reading: string) => string): string {
  const parts = dayParts(day)
  if (!parts) return day
  const { m, d } = parts
  const w = weekday(day)
  const whole = OF_DATE[d]
  const date = whole === undefined ? `${d}${put(DATE, OTHER_DATE)}` : put(`${d}${DATE}`, whole)
  return `${m}${put(MONTH, OF_MONTH)}${date}${OPEN}${put(WEEKDAYS.charAt(w), OF_WEEKDAY[w]!)}${CLOSE}`
}

/** 「8:21」 in Japan's time, in the digits of the language. */
export function clockIn({ tag }: Language, ms: number): string {
  if (tag === 'ja') return clockTime(ms)
  if (tag === 'ne') return inNepaliDigits(clockTime(ms))
  return new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Tokyo' }).format(ms)
}

/** A time of day that stands as it is in the board's rules: 「08:20」. */
export function hourIn({ tag }: Language, time: string): string {
  const [h = 0, m = 0] = time.split(':').map(Number)
  const plain = `${h}:${String(m).padStart(2, '0')}`
  if (tag === 'ja') return plain
  if (tag === 'ne') return inNepaliDigits(plain)
  return new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' }).format(Date.UTC(2000, 0, 1, h, m))
}

export interface Days {
  /** For the eye: with readings where they are wanted. Only in <Trans>, <Ruby>. */
  readonly day: (day: Day) => string
  /** For labels, and what is kept. */
  readonly plainDay: (day: Day) => string
  readonly hour: (time: string) => string
  /** When something was; with its day where that is another than `on`. */
  readonly at: (iso: string, on: Day) => string
}

export function useDays(): Days {
  useLingui()
  const { language, furigana } = useSpeaking()
  const plainDay = (day: Day) => dayIn(language, day)
  const day = language.kanji && furigana ? markedDay : plainDay
  return {
    day,
    plainDay,
    hour: (time) => hourIn(language, time),
    at: (iso, on) => {
      const ms = instant(iso)
      if (ms === null) return ''
      const then = japanDay(ms)
      return then === on ? clockIn(language, ms) : `${day(then)} ${clockIn(language, ms)}`
    },
  }
}
