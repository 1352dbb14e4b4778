/** A draft of rules as it is written. Pure. */
import { dayParts, type Day } from '~/dates/dates'
import type { Rule, Rules } from './data'

/** A rule as it stands in its fields; a new one has no code yet. */
export type Written = Omit<Rule, 'code'> & { readonly code: string | null }

export type Slip = 'word' | 'days'

/** What is wrong with a rule's fields. */
export function slipsOf({ word, kind, days }: Written, ladder: Rules['days']): readonly Slip[] {
  return [...(word.trim() === '' ? ['word' as const] : []), ...(ladder[kind].includes(days) ? [] : ['days' as const])]
}

/** Counted another way: with the same days where they may be asked for, else with the fewest. */
export function countedBy(kind: Rule['kind'], { days }: Written, ladder: Rules['days']): Pick<Rule, 'kind' | 'days'> {
  return { kind, days: ladder[kind].includes(days) ? days : (ladder[kind][0] ?? days) }
}

/** Whether 校長 still hears of what 施行令20条 has them tell the board: seven days in a row, 病欠 not counted. */
export function tellsOfSeven(rules: readonly Pick<Rule, 'kind' | 'days' | 'excused'>[]): boolean {
  return rules.some(({ kind, days, excused }) => kind === 'row' && days <= 7 && !excused)
}

/** What is sent; only of rules without a slip. */
export function draftOf(written: readonly Written[]) {
  return written.map((one) => ({ ...one, word: one.word.trim() }))
}

export function sameDraft(one: readonly Written[], other: readonly Written[]): boolean {
  return JSON.stringify(draftOf(one)) === JSON.stringify(draftOf(other))
}

export function monthOf(month: Day): number {
  return dayParts(month)?.m ?? 0
}

/** The last three months that are over or going on, which a draft is tried on unless others are chosen. */
export function lately(months: readonly Day[]): readonly Day[] {
  return months.slice(-3)
}
