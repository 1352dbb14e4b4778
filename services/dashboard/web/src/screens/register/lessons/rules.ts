import type { Child, LessonCode, LessonDay, Mark } from './data'

export const CODES: readonly LessonCode[] = ['here', 'away', 'late', 'left']
/** Keys as on the roll: 出席 by space, 欠席 by K, 遅刻 by C, 早退 by S. */
export const KEYS: Readonly<Record<LessonCode, string>> = { here: ' ', away: 'K', late: 'C', left: 'S' }

export type Chosen = Readonly<Record<string, LessonCode>>

export function markOf(child: Child, period: number): Mark | undefined {
  return child.marks.find((mark) => mark.period === period)
}

export function isTaken(day: LessonDay, period: number): boolean {
  return day.lessons.some((lesson) => lesson.period === period && lesson.at !== null)
}

/** Children whose mark is given here; 交流 have theirs in their own class. */
export function own(day: LessonDay): readonly Child[] {
  return day.members.filter(({ exchange }) => !exchange)
}

/** What stands in a child's row: what was chosen, else what was said, else what is proposed while nobody has taken it. */
export function codeOf(day: LessonDay, period: number, child: Child, chosen: Chosen): LessonCode | null {
  return chosen[child.pupil.id] ?? markOf(child, period)?.code ?? (isTaken(day, period) ? null : (child.proposed[period - 1] ?? null))
}

/** Children of whom somebody still has to say where they are. */
export function undecided(day: LessonDay, period: number, chosen: Chosen): readonly Child[] {
  return isTaken(day, period) ? [] : own(day).filter((child) => codeOf(day, period, child, chosen) === null)
}

/** Children whose mark would be another one. */
export function changed(day: LessonDay, period: number, chosen: Chosen): readonly Child[] {
  return own(day).filter((child) => {
    const code = codeOf(day, period, child, chosen)
    return code !== null && code !== markOf(child, period)?.code
  })
}

/** Whether saving needs a reason: of a correction, and of whatever is said in a closed month. */
export function needsReason(day: LessonDay, period: number, chosen: Chosen): boolean {
  const found = changed(day, period, chosen)
  return found.length > 0 && (day.month_closed || found.some((child) => markOf(child, period) !== undefined))
}

interface Said {
  readonly pupil: string
  readonly seen: number
  readonly code: LessonCode
  readonly reason: { readonly code: string; readonly text: string } | null
  /** Of a proposal that nobody has touched: the revision of the day it follows from. */
  readonly day_seen: number | null
}

/** What is sent: every child while nobody has taken it, afterwards those that change. */
export function toSend(day: LessonDay, period: number, chosen: Chosen, reason: Said['reason']): readonly Said[] {
  const those = isTaken(day, period) ? changed(day, period, chosen) : own(day)
  return those.flatMap((child) => {
    const code = codeOf(day, period, child, chosen)
    const mark = markOf(child, period)
    const day_seen = mark || chosen[child.pupil.id] ? null : child.day.revision
    return code === null ? [] : [{ pupil: child.pupil.id, seen: mark?.revision ?? 0, code, reason, day_seen }]
  })
}

/** What stays chosen after a save that set some aside: of a first one nothing was written, so all but those. */
export function kept(chosen: Chosen, taken: boolean, refused: readonly string[]): Chosen {
  return taken || refused.length === 0 ? {} : Object.fromEntries(Object.entries(chosen).filter(([pupil]) => !refused.includes(pupil)))
}

export type Counted = Readonly<Record<LessonCode, number>>

export function counted(codes: readonly (LessonCode | null | undefined)[]): Counted {
  const of = (code: LessonCode) => codes.filter((one) => one === code).length
  return { here: of('here'), away: of('away'), late: of('late'), left: of('left') }
}

/** Children whose day and lessons contradict each other, those that nobody has looked at first. */
export function clashing(day: LessonDay): readonly Child[] {
  const open = (child: Child) => child.clashes.some(({ settled }) => !settled)
  return day.members.filter(({ clashes }) => clashes.length > 0).toSorted((a, b) => Number(open(b)) - Number(open(a)))
}

/** The lesson to begin with: the first that nobody has taken, or in which somebody has no mark (who came onto the list later). */
export function firstOpen(day: LessonDay): number | null {
  return day.lessons.find(({ at, period }) => at === null || own(day).some((child) => !markOf(child, period)))?.period ?? null
}
