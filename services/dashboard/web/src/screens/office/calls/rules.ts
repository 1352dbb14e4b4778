/** What is told on the telephone, as the form keeps it and as the service takes it. Pure. */
import { addDays, type Day } from '~/dates/dates'
import type { Kind, Notice } from './data'

/** A tile: kind and reason in one press. */
export const TILES = [
  { value: 'sick', key: '1', kind: 'absent', reason: 'sick' },
  { value: 'home', key: '2', kind: 'absent', reason: 'other' },
  { value: 'late', key: '3', kind: 'late', reason: null },
  { value: 'early', key: '4', kind: 'early_leave', reason: null },
  { value: 'mourning', key: '5', kind: 'bereavement', reason: null },
  { value: 'other', key: '6', kind: 'other', reason: null },
] as const satisfies readonly { readonly value: string; readonly key: string; readonly kind: Kind; readonly reason: 'sick' | 'other' | null }[]

export type TileId = (typeof TILES)[number]['value']

/** Keys of guardians, in their order; the last tile is somebody else. */
export const TELLER_KEYS = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'] as const
export const SOMEBODY = 'somebody'
export const SOMEBODY_KEY = '0'

export interface Told {
  readonly tile: TileId | null
  /** A guardian's id, or `SOMEBODY`. */
  readonly teller: string | null
  readonly tellerWords: string
  readonly since: Day | null
  /** The last day. */
  readonly last: Day | null
  readonly words: string
  readonly channel: 'phone' | 'paper'
}

/** The form for a new call: today, by telephone; nothing else is chosen for anybody. */
export function blank(today: Day): Told {
  return { tile: null, teller: null, tellerWords: '', since: today, last: today, words: '', channel: 'phone' }
}

/** The form for a notice as it stands. */
export function toldOf(notice: Notice): Told {
  return {
    tile: tileOf(notice),
    teller: notice.guardian ?? SOMEBODY,
    tellerWords: notice.teller ?? '',
    since: notice.since,
    last: addDays(notice.until, -1),
    words: notice.words ?? '',
    channel: notice.channel === 'paper' ? 'paper' : 'phone',
  }
}

/** The tile that says what a notice says; late and early say it with any reason. */
export function tileOf({ kind, reason }: Pick<Notice, 'kind' | 'reason'>): TileId | null {
  return TILES.find((tile) => tile.kind === kind && (kind !== 'absent' || tile.reason === reason))?.value ?? null
}

/** What the service takes. Null while something is missing. */
export function bodyOf(told: Told): Record<string, unknown> | null {
  const tile = TILES.find(({ value }) => value === told.tile)
  if (!tile || told.teller === null || told.since === null || told.last === null) return null
  const teller = told.teller === SOMEBODY ? { words: told.tellerWords.trim() } : { guardian: told.teller }
  return {
    kind: tile.kind,
    reason: tile.reason,
    since: told.since,
    until: addDays(told.last, 1),
    channel: told.channel,
    teller,
    words: told.words.trim() || null,
  }
}

/** Notices that speak of a day, those that hold first. */
export function standingOn(notices: readonly Notice[], day: Day): readonly Notice[] {
  return notices.filter(({ since, until, withdrawn }) => since <= day && day < until && !withdrawn)
}

/** Notices of today or later, and those before. */
export function fromToday(notices: readonly Notice[], today: Day): readonly Notice[] {
  return notices.filter(({ until }) => until > today)
}
