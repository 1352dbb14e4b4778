/** What had been filled in when a proof of who one is was asked for, and what becomes of it on coming back. Pure. */
import type { Day } from '~/dates/dates'
import type { SchoolDuties } from './data'
import type { Deciding } from './Page'

export interface FilledStandIn {
  readonly act: 'stand-in'
  readonly of: string
  readonly staff: string | null
}

export interface FilledGive {
  readonly act: 'give'
  readonly kind: string | null
  readonly classId: string
  readonly staff: string | null
  readonly since: Day | null
  readonly last: Day | null
  readonly instead: readonly string[]
}

export interface FilledEnd {
  readonly act: 'end'
  readonly duty: string
  readonly last: Day | null
}

export type Filled = FilledStandIn | FilledGive | FilledEnd

/** Where it is kept: a day's dialog is not that of another day. */
export const proofOf = (page: SchoolDuties) => `duties/${page.school.id}/${page.date}`

/** The dialog as it was; null when what it was about is no more. */
export function resumed(page: SchoolDuties, filled: Filled): Deciding | null {
  if (filled.act === 'stand-in') {
    const of = page.classes.find((one) => one.class.id === filled.of)
    return of ? { act: 'stand-in', of, filled } : null
  }
  if (filled.act === 'end') {
    const duty = page.staff.flatMap(({ duties }) => duties).find(({ id }) => id === filled.duty)
    return duty ? { act: 'end', duty, filled } : null
  }
  // Whoever was found by a search is no one the page knows the name of: to be looked for again, never taken unseen.
  const known = page.staff.some(({ person }) => person.id === filled.staff)
  return { act: 'give', filled: known ? filled : { ...filled, staff: null } }
}
