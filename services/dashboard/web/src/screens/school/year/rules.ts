/** What a year looks like, day by day. Pure. */
import { t } from '@lingui/core/macro'
import { addDays, dayParts, monthDay, weekday, workDay, type Day } from '~/dates/dates'
import { gradeWord } from '~/parts/grades'
import type { Closure, Mark, SchoolYear, Touched } from './data'

/** Days, one after another, with the same to say. */
export interface Told {
  readonly first: Day
  readonly last: Day
  readonly word: string
  readonly text: string
  readonly whom: string
  /** The line of a plan that takes it back. */
  readonly back: string
}

export function kindWord(kind: Mark['kind']): string {
  const words: Readonly<Record<Mark['kind'], string>> = {
    saturday_class: t`土曜授業`,
    holiday: t`休業日`,
    moved_holiday: t`振替休業`,
    event: t`行事`,
    grade_off: t`学年休業`,
  }
  return words[kind]
}

function whomOf(closure: Closure, year: SchoolYear): string {
  if (closure.grade !== null) return gradeWord(closure.grade)
  return closure.class_id === null ? t`全校` : (year.classes.find(({ id }) => id === closure.class_id)?.name ?? '―')
}

/** 「7/21」, or 「7/21〜8/31」: as a plan's line writes it. */
function plain(first: Day, last: Day): string {
  const short = (day: Day) => `${dayParts(day)!.m}/${dayParts(day)!.d}`
  return first === last ? short(first) : `${short(first)}〜${short(last)}`
}

/** 「7月21日（火）」, or 「7月21日〜8月31日」. */
export function daysWord({ first, last }: Pick<Told, 'first' | 'last'>): string {
  return first === last ? workDay(first) : `${monthDay(first)}〜${monthDay(last)}`
}

/** Everything the year says beside its ordinary days, in order; days that say the same one after another are one entry. */
export function toldOf(year: SchoolYear): readonly Told[] {
  const closures = year.closures.map((one) => ({ on: one.on, word: t`臨時休業`, stop: t`臨時休業をやめる`, text: year.reasons[one.reason] ?? one.reason, whom: whomOf(one, year) }))
  const marks = year.marks.map((one) => ({
    on: one.on,
    word: kindWord(one.kind),
    stop: t`取り消し`,
    text: one.title ?? '',
    whom: one.grades.length ? one.grades.map(gradeWord).join(t`・`) : t`全校`,
  }))
  const days = [...closures, ...marks].toSorted((a, b) => a.on.localeCompare(b.on))
  const found: { first: Day; last: Day; word: string; stop: string; text: string; whom: string }[] = []
  for (const { on, ...said } of days) {
    const open = found.findLast((one) => one.word === said.word && one.text === said.text && one.whom === said.whom)
    if (open && addDays(open.last, 1) === on) open.last = on
    else found.push({ first: on, last: on, ...said })
  }
  return found
    .toSorted((a, b) => a.first.localeCompare(b.first) || a.word.localeCompare(b.word, 'ja'))
    .map(({ stop, ...one }) => ({ ...one, back: [plain(one.first, one.last), stop, stop === t`取り消し` ? one.text : '', one.whom === t`全校` ? '' : one.whom].join('\t') }))
}

export interface Cell {
  readonly day: Day
  readonly meets: boolean
  /** One character for what the day is, or ''. */
  readonly glyph: string
  /** It is so for some grades or classes alone. */
  readonly part: boolean
  /** All that the day says, for whoever does not see colours. */
  readonly words: string
}

/** The twelve months from April, each with its days. */
export function monthsOf(year: SchoolYear): readonly { readonly month: number; readonly days: number; readonly cells: readonly Cell[] }[] {
  const days = new Set(year.school_days)
  const told = toldOf(year)
  return Array.from({ length: 12 }, (_, i) => {
    const month = ((i + 3) % 12) + 1
    const first = `${year.school_year + (month < 4 ? 1 : 0)}-${String(month).padStart(2, '0')}-01`
    const cells: Cell[] = []
    for (let day = first; dayParts(day)?.m === month; day = addDays(day, 1)) {
      const said = told.filter((one) => one.first <= day && day <= one.last)
      const meets = days.has(day)
      // On a weekend in the holidays the holidays say nothing new.
      // What is so for the whole school says more of the day than what is so for a class.
      const first = said.find(({ whom }) => whom === t`全校`) ?? said[0]
      const shown = meets || weekday(day) % 6 !== 0 ? first : undefined
      const words = [meets ? t`授業日` : t`休み`, ...said.map(({ word, text, whom }) => `${word} ${text}`.trim() + (whom === t`全校` ? '' : t`（${whom}）`))].join(t`、`)
      cells.push({ day, meets, glyph: shown?.word.charAt(0) ?? '', part: shown !== undefined && shown.whom !== t`全校`, words })
    }
    return { month, days: cells.filter(({ meets }) => meets).length, cells }
  })
}

/** A day on which classes get or lose their lessons. */
export interface DayTouched {
  readonly on: Day
  readonly meets: boolean
  readonly classes: string
  readonly taken: boolean
}

/** Class-days that change, day by day; every class of the school is 「全学級」. */
export function touchedDays(touched: readonly Touched[], year: SchoolYear): readonly DayTouched[] {
  const groups = Map.groupBy(touched, ({ on, meets }) => `${on} ${meets}`)
  return [...groups.values()].map((of) => ({
    on: of[0]!.on,
    meets: of[0]!.meets,
    classes: of.length === year.classes.length ? t`全学級` : year.classes.filter(({ id }) => of.some(({ class_id }) => class_id === id)).map(({ name }) => name).join(t`・`),
    taken: of.some(({ meets, taken }) => taken && !meets),
  }))
}
