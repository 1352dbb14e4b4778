/** The board's plan and its schools: what is chosen, what a look told, in words. Pure. */
import { t } from '@lingui/core/macro'
import { NotConnected, Problem } from '~/api/problem'
import { gradeWord } from '~/parts/grades'
import type { BoardSchool, Follows, Kind, Standing } from './data'

export const KINDS: readonly Kind[] = ['kindergarten', 'elementary', 'junior_high', 'compulsory', 'special_needs_school']

export function kindWord(kind: Kind): string {
  const words: Readonly<Record<Kind, string>> = {
    kindergarten: t`幼稚園`,
    elementary: t`小学校`,
    junior_high: t`中学校`,
    compulsory: t`義務教育学校`,
    special_needs_school: t`特別支援学校`,
  }
  return words[kind]
}

export function standingWord(standing: Standing): string {
  const words: Readonly<Record<Standing, string>> = {
    as_planned: t`計画どおり`,
    changed_since: t`あてたあと、学校で変わった`,
    planned_anew: t`あてたあと、市の計画が変わった`,
    not_yet: t`まだあてていない`,
  }
  return words[standing]
}

/** The kinds of which there are schools, each with them. */
export function byKind(schools: readonly BoardSchool[]): readonly { readonly kind: Kind; readonly ids: readonly string[] }[] {
  return KINDS.map((kind) => ({ kind, ids: schools.filter((one) => one.kind === kind).map(({ id }) => id) })).filter(({ ids }) => ids.length > 0)
}

/** All of these are chosen too; when they are already, none of them any more. */
export function turned(chosen: ReadonlySet<string>, ids: readonly string[]): ReadonlySet<string> {
  return ids.every((id) => chosen.has(id)) ? new Set([...chosen].filter((id) => !ids.includes(id))) : new Set([...chosen, ...ids])
}

/** 「1年・2年 201日 → 199日」: grades with the same numbers are told together. */
export function daysTold({ days_before, days_after }: Pick<Follows, 'days_before' | 'days_after'>): readonly string[] {
  const groups = Map.groupBy(Object.keys(days_after), (grade) => `${days_before[grade] ?? 0} ${days_after[grade]}`)
  return [...groups.values()].map((grades) => {
    const [before, after] = [days_before[grades[0]!] ?? 0, days_after[grades[0]!]!]
    const whom = groups.size === 1 ? t`全学年` : whomOf(grades, Object.keys(days_after))
    return before === after ? t`${whom} ${after}日のまま` : t`${whom} ${before}日 → ${after}日`
  })
}

/** 「2年〜6年」 of grades one after another, else 「1年・3年」. */
function whomOf(grades: readonly string[], all: readonly string[]): string {
  const [first, last] = [gradeWord(grades[0]!), gradeWord(grades.at(-1)!)]
  const [from, to] = [all.indexOf(grades[0]!), all.indexOf(grades.at(-1)!)]
  return grades.length > 2 && to - from + 1 === grades.length ? t`${first}〜${last}` : grades.map(gradeWord).join(t`・`)
}

/** What became of a school: looked at, applied, or why neither. */
export type Outcome = { readonly kind: 'looked' | 'applied'; readonly follows: Follows } | { readonly kind: 'refused'; readonly words: readonly string[] }

/**
 * A refusal that is of this school alone: the others may go on. Null: nothing further can be done, for nobody answers,
 * who asks has to prove who they are, or the plan itself is not the one that was read.
 */
export function ofSchool(error: Problem | NotConnected, school: string): Outcome | null {
  if (error instanceof NotConnected || ![409, 422].includes(error.status)) return null
  const { errors, detail, title } = error.body
  if (error.status === 422) return { kind: 'refused', words: errors.length ? errors.map(({ cell, message }) => (cell === undefined ? message : t`${cell} ${message}`)) : [detail || title] }
  return errors.some(({ field }) => field === school) ? { kind: 'refused', words: [t`確かめたあとに、学校の年間予定が変わりました。もう一度確かめてください。`] } : null
}
