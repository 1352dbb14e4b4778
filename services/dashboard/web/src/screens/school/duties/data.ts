import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Live, Person, School, SchoolClass } from '~/api/types'
import type { Day } from '~/dates/dates'

export interface Duty {
  readonly id: string
  readonly staff: Person
  readonly kind: string
  readonly word: string
  readonly class: SchoolClass | null
  readonly since: Day
  /** The day from which it no longer holds. */
  readonly until: Day | null
  /** Whether it holds on the day of the page. */
  readonly holds: boolean
}

export interface ClassDuties {
  readonly class: SchoolClass
  /** Who takes its roll that day, whoever stands in first. */
  readonly takers: readonly Duty[]
  /** Whether the class has lessons that day; where it has none, nobody need take it. */
  readonly lessons: boolean
  readonly taken_at: string | null
}

export interface StaffDuties {
  readonly person: Person
  readonly duties: readonly Duty[]
}

/** A duty that may be given here, and whether it is about a class. */
export interface DutyKind {
  readonly code: string
  readonly word: string
  readonly needs: 'class' | 'maybe' | 'none'
}

export interface SchoolDuties extends Live {
  readonly school: School
  readonly date: Day
  readonly today: Day
  /** Classes without anybody first. */
  readonly classes: readonly ClassDuties[]
  /** In kana order. */
  readonly staff: readonly StaffDuties[]
  readonly kinds: readonly DutyKind[]
  readonly may: {
    readonly substitute: boolean
    readonly give: boolean
    readonly heads: boolean
    /** Also people who have no duty at the school yet. */
    readonly anybody: boolean
  }
}

export const KEY = 'school-duties'

export const dutiesQuery = (school: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, school, date],
    queryFn: ({ signal }) => read<SchoolDuties>(`${dutiesPath(school)}?on=${date}`, signal),
  })

export const candidatesQuery = (school: string, find: string) =>
  queryOptions({
    queryKey: ['candidates', school, find],
    queryFn: ({ signal }) =>
      read<{ readonly staff: readonly Person[] }>(`/api/registry/v1/schools/${school}/candidates?find=${encodeURIComponent(find)}`, signal),
    enabled: find !== '',
  })

export function dutiesPath(school: string): string {
  return `/api/registry/v1/schools/${school}/duties`
}

export function endPath(school: string, duty: string): string {
  return `${dutiesPath(school)}/${duty}/end`
}
