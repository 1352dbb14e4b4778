import type { Day } from '~/dates/dates'
import type { Export, Profile } from './types'

/** What it is for: to come back here, to be kept and looked at, for somebody else's system. */
export type Use = 'back' | 'kept' | 'others'

/** What is asked for, as it stands in the form. */
export interface Wish {
  /** Null: not said yet. Whether protected children are in it follows from it. */
  readonly use: Use | null
  readonly profile: Profile
  /** `all`, `day`, or the id of the export since which changes are told. */
  readonly range: string
  readonly day: Day | null
  /** Null: the whole board. */
  readonly school: string | null
  /** Next year's roster. */
  readonly next: boolean
  readonly purpose: string
}

export const FIRST: Wish = { use: null, profile: '1.2_JP', range: 'all', day: null, school: null, next: false, purpose: '' }

/** Earlier exports that a delta can stand on: of the same schools, and written whole. */
export function bases(exports: readonly Export[], school: string | null): readonly Export[] {
  return exports.filter((one) => one.instant !== null && one.school === school)
}

/** What is sent; null while something is missing. `guarded`: whoever asks may take protected children along. */
export function askedFor(wish: Wish, exports: readonly Export[], april: Day, guarded: boolean): Readonly<Record<string, unknown>> | null {
  const since =
    wish.range === 'all' ? null : wish.range === 'day' ? wish.day && `${wish.day}T00:00:00+09:00` : (exports.find(({ id }) => id === wish.range)?.instant ?? null)
  if (wish.use === null || wish.purpose.trim() === '' || (wish.range !== 'all' && since === null)) return null
  return {
    purpose: wish.purpose.trim(),
    profile: wish.profile,
    since,
    as_of: wish.next ? april : null,
    school: wish.school,
    for_others: wish.use === 'others',
    protected: wish.use === 'back' && guarded,
  }
}

/** 「12.3 MB」's number: one place, at least 0.1. */
export function megabytes(bytes: number): string {
  return Math.max(0.1, bytes / 1_000_000).toFixed(1)
}
