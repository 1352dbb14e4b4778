import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Live, Person, School } from '~/api/types'
import type { Day } from '~/dates/dates'
import { YEAR, type State } from '../sheet/data'

/** Lessons, as docs/periods.md counts them. */
export interface Hours {
  readonly lessons: number
  /** Missed on a day of 出席停止・忌引等. */
  readonly apart: number
  /** 欠課時数. */
  readonly away: number
  readonly there: number
  readonly late: number
  readonly left: number
  readonly unrecorded: number
}

export interface SubjectHours {
  /** Null: of lessons whose subject nobody has said. */
  readonly code: string | null
  readonly word: string
  readonly lessons: number
  readonly totals: Hours
}

export interface HoursLine {
  readonly pupil: Person
  readonly number: number | null
  readonly hours: Hours
  /** One for each of the sheet's subjects. */
  readonly by_subject: readonly Hours[]
  readonly so_far: Hours
  readonly notes: readonly string[]
}

export interface LessonCorrection {
  readonly pupil: Person
  readonly on: Day
  readonly period: number
  readonly before: string | null
  readonly after: string
  readonly reason: string
  readonly reason_text: string | null
  readonly by: Person
  readonly at: string
}

export interface HoursSheet extends Live {
  readonly class_id: string
  readonly name: string
  readonly school: School
  readonly school_year: number
  /** Null: the whole year. */
  readonly month: string | null
  readonly months: readonly string[]
  readonly classes: readonly { readonly id: string; readonly name: string }[]
  readonly homerooms: readonly string[]
  readonly through: Day | null
  readonly lessons: number
  readonly subjects: readonly SubjectHours[]
  readonly lines: readonly HoursLine[]
  readonly totals: Hours
  readonly so_far: Hours
  readonly state: State | null
  readonly corrections: readonly LessonCorrection[]
}

export function hoursPath(classId: string, sheet: string): string {
  const base = `/api/registry/v1/classes/${classId}/lessons`
  return sheet === YEAR ? `${base}/${YEAR}` : `${base}/months/${sheet}`
}

/** A month (`2026-11`) or the year. */
export function hoursAddress(classId: string, sheet: string): string {
  return `/classes/${classId}/lessons/${sheet}`
}

export const hoursQuery = (classId: string, sheet: string) =>
  queryOptions({
    queryKey: ['lesson-hours', classId, sheet],
    queryFn: ({ signal }) => read<HoursSheet>(hoursPath(classId, sheet), signal),
  })
