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

export const KEY = 'alerts'

const base = (school: string, date: Day) => `/api/schools/${school}/days/${date}/alerts`

export const alertsQuery = (school: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, school, date],
    queryFn: ({ signal }) => read<Alerts>(base(school, date), signal),
  })

export const actPath = (school: string, date: Day, pupil: string) => `${base(school, date)}/${pupil}`
