import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Live, Person, School, SchoolClass } from '~/api/types'
import type { Day } from '~/dates/dates'

export interface Act {
  readonly act: 'seen' | 'closed' | 'reopened'
  /** What was done, in words. */
  readonly done: string | null
  /** How many days it was then. */
  readonly days: number
  readonly by: Person
  readonly at: string
}

interface OfChild {
  readonly pupil: Person
  readonly class: SchoolClass
  readonly number: number | null
  readonly word: string
  readonly first: Day
  readonly state: 'open' | 'seen' | 'closed'
  readonly acts: readonly Act[]
}

export interface Alert extends OfChild {
  readonly rule: string
  /** The absent days it follows from. */
  readonly days: readonly Day[]
  readonly going_on: boolean
}

/** Its cause is gone: a day was corrected. */
export interface Withdrawn extends OfChild {
  readonly days: number
}

export interface Alerts extends Live {
  readonly school: School
  readonly date: Day
  readonly rules: readonly { readonly code: string; readonly word: string }[]
  readonly done: readonly { readonly code: string; readonly word: string }[]
  readonly alerts: readonly Alert[]
  readonly withdrawn: readonly Withdrawn[]
  readonly may: { readonly act: boolean }
}

/** Those of one's own class. */
export interface ClassAlerts extends Alerts {
  readonly class: SchoolClass | null
}

export const KEY = 'alerts'

/** Where a page's alerts are, and below it what is said of each. */
export const schoolPath = (school: string, date: Day) => `/api/schools/${school}/days/${date}/alerts`
export const classPath = (classId: string, date: Day) => `/api/classes/${classId}/days/${date}/alerts`

export const alertsQuery = (school: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, school, date],
    queryFn: ({ signal }) => read<Alerts>(schoolPath(school, date), signal),
  })

export const classAlertsQuery = (classId: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, classId, date],
    queryFn: ({ signal }) => read<ClassAlerts>(classPath(classId, date), signal),
  })
