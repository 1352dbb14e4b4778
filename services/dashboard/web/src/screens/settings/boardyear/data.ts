import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Live, Person, School } from '~/api/types'
import type { Day } from '~/dates/dates'

export type Kind = 'kindergarten' | 'elementary' | 'junior_high' | 'compulsory' | 'special_needs_school'

/** As the plan has it; not so any more since it was applied; the plan has changed since; never applied. */
export type Standing = 'as_planned' | 'changed_since' | 'planned_anew' | 'not_yet'

export interface BoardSchool extends School {
  readonly kind: Kind
  /** Null while there is no plan. */
  readonly standing: Standing | null
  readonly applied_at: string | null
}

export interface BoardYear extends Live {
  readonly school_year: number
  readonly today: Day
  readonly revision: string
  /** The plan, as cells. */
  readonly rows: readonly (readonly string[])[]
  readonly said_at: string | null
  readonly said_by: Person | null
  /** Words of the second column. */
  readonly kinds: readonly string[]
  readonly schools: readonly BoardSchool[]
}

/** What the plan does to a school, or did. */
export interface Follows {
  readonly school: School
  readonly changed: boolean
  readonly days_before: Readonly<Record<string, number>>
  readonly days_after: Readonly<Record<string, number>>
  /** Rolls taken on class-days that lose their lessons. */
  readonly rolls: number
  readonly meals: number
  /** Of the school's year that was looked at. */
  readonly revision: string
  readonly closing: number
  readonly opening: number
  /** 「3行目」: of grades that the school does not have. */
  readonly left_out: readonly string[]
}

export interface Applied {
  readonly schools: readonly Follows[]
  readonly saved: boolean
}

export const KEY = 'board-year'

export const boardYearPath = (board: string, year: number) => `/api/registry/v1/boards/${board}/calendars/${year}`

export const boardYearQuery = (board: string, year: number) =>
  queryOptions({
    queryKey: [KEY, board, year],
    queryFn: ({ signal }) => read<BoardYear>(boardYearPath(board, year), signal),
  })
