import type { Day } from '~/dates/dates'
import type { Export, Profile } from './types'

/** What is asked for, as it stands in the form. */
export interface Wish {
  readonly for_others: boolean
  readonly profile: Profile
  /** `all`, `day`, or the id of the export since which changes are told. */
  readonly range: string
  readonly day: Day | null
  /** Null: the whole board. */
  readonly school: string | null
  /** Next year's roster. */
  readonly next: boolean
  readonly protected: boolean
  readonly purpose: string
}

export const FIRST: Wish = { for_others: false, profile: '1.2_JP', range: 'all', day: null, school: null, next: false, protected: false, purpose: '' }

/** Earlier exports that a delta can stand on: of the same schools, and written whole. */
export function bases(exports: readonly Export[], school: string | null): readonly Export[] {
  return exports.filter((one) => one.instant !== null && one.school === school)
}

/** What is sent; null while something is missing. */
export function askedFor(wish: Wish, exports: readonly Export[], april: Day): Readonly<Record<string, unknown>> | null {
  const since =
    wish.range === 'all' ? null : wish.range === 'day' ? wish.day && `${wish.day}T00:00:00+09:00` : (exports.find(({ id }) => id === wish.range)?.instant ?? null)
  if (wish.purpose.trim() === '' || (wish.range !== 'all' && since === null)) return null
  return {
    purpose: wish.purpose.trim(),
    profile: wish.profile,
    since,
    as_of: wish.next ? april : null,
    school: wish.school,
    for_others: wish.for_others,
    protected: wish.protected && !wish.for_others,
  }
}

/** 「12.3 MB」's number: one place, at least 0.1. */
export function megabytes(bytes: number): string {
  return Math.max(0.1, bytes / 1_000_000).toFixed(1)
}
