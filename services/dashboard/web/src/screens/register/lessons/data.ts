import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { AttendanceSymbol, CodeWord, Live, Person, School } from '~/api/types'
import type { Day } from '~/dates/dates'

/** Where a child was in a lesson. */
export type LessonCode = 'here' | 'away' | 'late' | 'left'

export interface Mark {
  readonly period: number
  readonly code: LessonCode
  readonly revision: number
  readonly by: Person
  readonly at: string
  readonly reason: string | null
}

export interface Clash {
  readonly kind: string
  readonly words: string
  /** What was seen by whoever leaves it as it is. */
  readonly seen: string
  readonly settled: boolean
}

export interface Fact {
  readonly source: string
  readonly code: string | null
  /** Who of the school entered it; a family that did by app has no name here. */
  readonly by: Person | null
  readonly relation: string | null
  readonly channel: string | null
  readonly at: string
}

export interface Child {
  readonly pupil: Person
  readonly number: number | null
  readonly exchange: boolean
  /** The day itself, which no lesson changes. */
  readonly day: {
    readonly status: string
    readonly code: string | null
    /** What a proposal follows from. */
    readonly revision: number
    readonly facts: readonly Fact[]
  }
  readonly marks: readonly Mark[]
  /** Of each lesson, what the day lets one expect; null: somebody has to look. */
  readonly proposed: readonly (LessonCode | null)[]
  readonly clashes: readonly Clash[]
}

export interface Lesson {
  readonly period: number
  /** Of its roll; 0: it was not taken. */
  readonly revision: number
  readonly starts: string | null
  readonly subject: string | null
  readonly members: number | null
  /** When its roll was taken; null: it was not. */
  readonly at: string | null
  readonly by: Person | null
}

export interface LessonDay extends Live {
  readonly class_id: string
  readonly name: string
  readonly school: School
  readonly on: Day
  readonly why_not_open: string | null
  readonly may_take: boolean
  readonly may_settle: boolean
  readonly may_sum: boolean
  readonly month_closed: boolean
  readonly day_taken: boolean
  readonly symbols: readonly AttendanceSymbol[]
  readonly subjects: readonly CodeWord[]
  readonly reasons: readonly CodeWord[]
  readonly lessons: readonly Lesson[]
  readonly members: readonly Child[]
}

export function lessonsPath(classId: string, date: Day): string {
  return `/api/registry/v1/classes/${classId}/days/${date}/periods`
}

/** The day by lessons; with a lesson, taking its roll. */
export function addressOf(classId: string, date: Day, lesson?: number): string {
  return `/classes/${classId}/days/${date}/lessons${lesson === undefined ? '' : `?lesson=${lesson}`}`
}

export const lessonsQuery = (classId: string, date: Day) =>
  queryOptions({
    queryKey: ['lessons', classId, date],
    queryFn: ({ signal }) => read<LessonDay>(lessonsPath(classId, date), signal),
  })

interface ClassOfSchool {
  readonly id: string
  readonly name: string
  readonly school: string
}

/** Classes whose lessons may be read: who teaches a subject goes from one to another. */
export const classesQuery = queryOptions({
  queryKey: ['lesson-classes'],
  queryFn: ({ signal }) => read<readonly ClassOfSchool[]>('/api/registry/v1/classes', signal),
})
