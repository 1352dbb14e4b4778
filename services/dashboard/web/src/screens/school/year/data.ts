import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Live, Person, School, SchoolClass } from '~/api/types'
import type { Day } from '~/dates/dates'

export interface Closure {
  readonly on: Day
  readonly scope: 'school' | 'grade' | 'class'
  readonly grade: string | null
  readonly class_id: string | null
  readonly reason: string
}

export interface Mark {
  readonly on: Day
  readonly kind: 'saturday_class' | 'holiday' | 'moved_holiday' | 'event' | 'grade_off'
  readonly title: string | null
  readonly grades: readonly string[]
}

export interface SchoolYear extends Live {
  readonly school: School
  readonly school_year: number
  readonly today: Day
  readonly revision: string
  readonly school_days: readonly Day[]
  readonly closures: readonly Closure[]
  readonly marks: readonly Mark[]
  readonly terms: readonly { readonly name: string; readonly since: Day; readonly until: Day }[]
  readonly days_of_grades: Readonly<Record<string, number>>
  readonly classes: readonly SchoolClass[]
  /** Words of the second column. */
  readonly kinds: readonly string[]
  /** Code → word. */
  readonly reasons: Readonly<Record<string, string>>
  /** The board's plan, as cells. */
  readonly template: readonly (readonly string[])[]
  readonly may: { readonly change: boolean }
  /** The last act by hand, while nothing has changed the year since. */
  readonly undo: { readonly id: string; readonly at: string; readonly by: Person; readonly lines: number } | null
}

/** A class-day that gets or loses its lessons. */
export interface Touched {
  readonly on: Day
  readonly class_id: string
  readonly meets: boolean
  /** A 授業日 of its grade all the same: only this class is closed (学級閉鎖). */
  readonly counted: boolean
  /** Its roll was taken already. */
  readonly taken: boolean
  readonly meals: number
}

export interface Consequences {
  readonly days_before: Readonly<Record<string, number>>
  readonly days_after: Readonly<Record<string, number>>
  readonly touched: readonly Touched[]
  readonly meals: number
  readonly changed: boolean
}

export interface Changed {
  readonly schools: readonly Consequences[]
  readonly saved: boolean
}

export const KEY = 'school-year'

export const yearQuery = (school: string, year: number) =>
  queryOptions({
    queryKey: [KEY, school, year],
    queryFn: ({ signal }) => read<SchoolYear>(yearPath(school, year), signal),
  })

export function yearPath(school: string, year: number): string {
  return `/api/registry/v1/schools/${school}/calendars/${year}`
}
