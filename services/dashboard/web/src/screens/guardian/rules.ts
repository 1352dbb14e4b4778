/** What a guardian tells, as the form keeps it and as the service takes it; what of it still waits on the device. Pure. */
import { addDays, type Day } from '~/dates/dates'
import type { Entry } from '~/outbox/rules'
import { TELL_PATH, type Child, type Family, type Kind, type Notice, type Reason, type Telling } from './data'

/** A tile: kind and reason in one tap. */
export const TILES = [
  { value: 'sick', kind: 'absent', reason: 'sick' },
  { value: 'home', kind: 'absent', reason: 'other' },
  { value: 'late', kind: 'late', reason: null },
  { value: 'early', kind: 'early_leave', reason: null },
  { value: 'mourning', kind: 'bereavement', reason: null },
  { value: 'other', kind: 'other', reason: null },
] as const satisfies readonly { readonly value: string; readonly kind: Kind; readonly reason: Reason | null }[]

export type TileId = (typeof TILES)[number]['value']

export function tileOf({ kind, reason }: Pick<Telling, 'kind' | 'reason'>): TileId | null {
  return TILES.find((tile) => tile.kind === kind && (kind !== 'absent' || tile.reason === reason))?.value ?? null
}

export type When = 'today' | 'tomorrow' | 'other'

export interface Form {
  readonly pupils: readonly string[]
  readonly tile: TileId | null
  readonly when: When
  /** First and last day, where it is neither today nor tomorrow. */
  readonly first: Day
  readonly last: Day
  readonly words: string
}

/** A new form: today; the only child is the one; nothing else is chosen for anybody. */
export function blank(family: Family): Form {
  const may = family.children.filter(({ may_tell }) => may_tell)
  return { pupils: may.length === 1 ? [may[0]!.pupil.id] : [], tile: null, when: 'today', first: family.today, last: family.today, words: '' }
}

/** The form for a notice as it stands. */
export function formOf(notice: Notice, pupil: string, today: Day): Form {
  const last = addDays(notice.until, -1)
  const single = last === notice.since
  const when = single && notice.since === today ? 'today' : single && notice.since === addDays(today, 1) ? 'tomorrow' : 'other'
  return { pupils: [pupil], tile: tileOf(notice), when, first: notice.since, last, words: notice.words ?? '' }
}

/** The days a form is about: first and last. */
export function daysOf({ when, first, last }: Form, today: Day): readonly [Day, Day] {
  if (when === 'today') return [today, today]
  if (when === 'tomorrow') return [addDays(today, 1), addDays(today, 1)]
  return [first, last]
}

/** What the service takes; null while something is missing. */
export function tellingOf(form: Form, today: Day): Telling | null {
  const tile = TILES.find(({ value }) => value === form.tile)
  const [first, last] = daysOf(form, today)
  if (!tile || first === '' || last === '' || last < first) return null
  return { kind: tile.kind, reason: tile.reason, since: first, until: addDays(last, 1), words: oneLine(form.words) || null }
}

/** Notices of days that are not over; the first day first, what was taken back last. */
export function coming({ notices }: Child, today: Day): readonly Notice[] {
  return notices.filter(({ until }) => until > today).toSorted((a, b) => Number(a.withdrawn) - Number(b.withdrawn) || a.since.localeCompare(b.since))
}

/** Commands about a child on this device: what is told anew, and what becomes of a notice of the child's. */
export function entriesOf(queue: readonly Entry[], owner: string, child: Child): readonly Entry[] {
  const own = new Set(child.notices.map(({ notice }) => notice))
  return queue.filter(
    (entry) =>
      entry.owner === owner &&
      entry.kind === 'told' &&
      (entry.path === TELL_PATH ? (entry.body as { pupils: readonly string[] }).pupils.includes(child.pupil.id) : own.has(noticeOf(entry) ?? '')),
  )
}

/** The notice that a change or a withdrawal is about. */
export function noticeOf({ path }: Entry): string | undefined {
  return path === TELL_PATH ? undefined : path.slice(TELL_PATH.length + 1).split('/')[0]
}

export function isWithdrawal({ path }: Entry): boolean {
  return path.endsWith('/withdraw')
}

/** What the school reads is one line, as its lists show it; on a telephone it is written in several. */
export function oneLine(words: string): string {
  return words.replace(/\s*[\r\n]\s*/g, ' ').trim()
}
