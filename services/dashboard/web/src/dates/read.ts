/** Days as people write them: 今日, 11/21, 11月21日, 2026/11/21, R8.11.21, 令和8年11月21日, also in full width. */
import { t } from '@lingui/core/macro'
import { addDays, dayParts, type Day } from './dates'

/** The year before the first year of each era. */
const ERAS: Readonly<Record<string, number>> = { R: 2018, 令和: 2018, H: 1988, 平成: 1988, S: 1925, 昭和: 1925 }

const WORDS: Readonly<Record<string, number>> = { 今日: 0, きょう: 0, 明日: 1, あした: 1, あす: 1, 昨日: -1, きのう: -1 }

/** The day that a text names, or null. Without a year it lies in the school year that begins in April of `year`. */
export function readDay(text: string, today: Day, year: number = schoolYear(today)): Day | null {
  const written = writtenDay(text, today, year)
  return written !== null && dayParts(written) ? written : null
}

/** Why a text names no day, and what to do: no such day in the calendar, or not written as days are. */
export function whyNoDay(text: string, today: Day, example: string): string {
  const written = writtenDay(text, today, schoolYear(today))
  if (written === null) return t`「${text}」は日付として読めません。${example} のように書いてください`
  const [y = '', m = '', d = ''] = written.split('-')
  return t`${Number(y)}年${Number(m)}月${Number(d)}日という日はありません。日付を確かめてください`
}

/** The day as it is written, whether or not the calendar has it; null for what is not written as a day. */
function writtenDay(text: string, today: Day, year: number): Day | null {
  const plain = text.normalize('NFKC').replace(/\s/g, '').replace(/\([日月火水木金土](?:曜日?)?\)$/, '')
  const word = WORDS[plain]
  if (word !== undefined) return addDays(today, word)
  const found = /^(?:(?:([RHS]|令和|平成|昭和)(元|\d{1,2})|(\d{4}))[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?$/i.exec(plain)
  if (!found) return null
  const [, era, ofEra, full, m = '', d = ''] = found
  const y = full !== undefined ? Number(full) : era === undefined ? year + (Number(m) < 4 ? 1 : 0) : yearOf(era, ofEra ?? '')
  return `${String(y).padStart(4, '0')}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`
}

function yearOf(era: string, ofEra: string): number {
  return (ERAS[era.toUpperCase()] ?? NaN) + (/\d/.test(ofEra) ? Number(ofEra) : 1)
}

/** The integer of the 1 April that a day's school year begins with. */
export function schoolYear(day: Day): number {
  const { y, m } = dayParts(day) ?? { y: 0, m: 4 }
  return m < 4 ? y - 1 : y
}
