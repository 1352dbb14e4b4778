/** Days as people write them: 今日, 11/21, 11月21日, 2026/11/21, R8.11.21, 令和8年11月21日, also in full width. */
import { addDays, dayParts, type Day } from './dates'

/** The year before the first year of each era. */
const ERAS: Readonly<Record<string, number>> = { R: 2018, 令和: 2018, H: 1988, 平成: 1988, S: 1925, 昭和: 1925 }

const WORDS: Readonly<Record<string, number>> = { 今日: 0, きょう: 0, 明日: 1, あした: 1, あす: 1, 昨日: -1, きのう: -1 }

/** The day that a text names, or null. Without a year it lies in the school year that begins in April of `year`. */
export function readDay(text: string, today: Day, year: number = schoolYear(today)): Day | null {
  const plain = text.normalize('NFKC').replace(/\s/g, '').replace(/\([日月火水木金土](?:曜日?)?\)$/, '')
  const word = WORDS[plain]
  if (word !== undefined) return addDays(today, word)
  const found = /^(?:(?:([RHS]|令和|平成|昭和)(元|\d{1,2})|(\d{4}))[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?$/i.exec(plain)
  if (!found) return null
  const [, era, ofEra, full, m = '', d = ''] = found
  const y = full !== undefined ? Number(full) : era === undefined ? year + (Number(m) < 4 ? 1 : 0) : yearOf(era, ofEra ?? '')
  const day = `${String(y).padStart(4, '0')}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`
  return dayParts(day) ? day : null
}

function yearOf(era: string, ofEra: string): number {
  return (ERAS[era.toUpperCase()] ?? NaN) + (/\d/.test(ofEra) ? Number(ofEra) : 1)
}

/** The integer of the 1 April that a day's school year begins with. */
export function schoolYear(day: Day): number {
  const { y, m } = dayParts(day) ?? { y: 0, m: 4 }
  return m < 4 ? y - 1 : y
}
