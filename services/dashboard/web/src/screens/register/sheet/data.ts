import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { AttendanceSymbol, Live, Person, Roll, School, SchoolClass } from '~/api/types'
import type { Day } from '~/dates/dates'

/** Days, as docs/register.md counts them. */
export interface Counts {
  readonly days: number
  readonly suspended: number
  readonly bereaved: number
  readonly closed: number
  readonly apart: number
  readonly due: number
  readonly sick: number
  readonly other: number
  readonly absent: number
  readonly unrecorded: number
  readonly present: number
  readonly late: number
  readonly early: number
  /** 登校を要しない日, among `apart`. */
  readonly excused: number
  /** 出席扱い: in no other sum. */
  readonly credited: number
  /** 別室: of the days present. */
  readonly elsewhere: number
}

/** A mark that can stand beside a day and changes none of its counts: where the child was, or whose death a 忌引 is for. */
export interface BesideMark {
  readonly code: string
  readonly kind: 'credited' | 'elsewhere' | 'kin'
  readonly glyph: string
  readonly word: string
  /** Of a kinship: how many days in a row the board allows. */
  readonly days: number | null
}

/** What stands beside a child's day. */
export interface Stood {
  readonly code: string
  readonly kind: BesideMark['kind']
  readonly word: string
  /** The day has not become one that it cannot stand beside. */
  readonly fits: boolean
  readonly by: Person
  readonly at: string
}

export type CellKind = 'struck' | 'off' | 'ahead' | 'closed' | 'unrecorded' | 'present' | 'absent' | 'apart'

export interface Cell {
  readonly kind: CellKind
  readonly glyph: string
  /** Place in the month's symbols. */
  readonly symbol: number | null
  readonly contradiction: string | null
  readonly beside: Stood | null
  /** Revision of what stands, or stood, beside the day. */
  readonly seen: number
}

export interface MonthDay {
  readonly on: Day
  readonly kind: 'lesson' | 'closed' | 'off' | 'ahead'
  readonly words: readonly string[]
  readonly counts: Counts
}

interface Line {
  readonly pupil: Person
  readonly number: number | null
  readonly counts: Counts
  readonly notes: readonly string[]
}

/** 忌引 that goes on for longer than the board allows. */
export interface Over {
  /** The first day beyond in the month. */
  readonly on: Day
  readonly word: string
  readonly allowed: number
  readonly days: number
}

export interface MonthLine extends Line {
  readonly over: readonly Over[]
  readonly cells: readonly Cell[]
}

/** 出欠の記録, and 遅刻 and 早退. */
export type Sums = Readonly<Record<'days' | 'apart' | 'due' | 'absent' | 'present' | 'late' | 'early', number>>

export type Paper = 'record_copy' | 'certificate' | 'told' | 'other'

/** Days of the former school, as a paper of it says. */
export interface Former {
  readonly revision: number
  readonly school: string
  readonly source: Paper
  readonly source_word: string
  readonly told_on: Day
  readonly by: Person
  readonly at: string
  readonly sums: Sums
  /** With this school's own, which do not change by it; null where another class of it has the child's other days. */
  readonly together: Sums | null
}

export interface YearLine extends Line {
  /** During the year: it may bring days of another school. */
  readonly came: boolean
  /** Revision of the former school's days. */
  readonly seen: number
  readonly former: Former | null
  readonly months: readonly Counts[]
}

/** How a closed month stands; an open one has none. */
export type State = 'closed' | 'checked' | 'returned'

export interface Done {
  readonly by: Person
  readonly at: string
  readonly sentence: string | null
}

/** What keeps a month from being closed. */
export interface StillOpen {
  readonly what: 'unrecorded' | 'contradiction' | 'unplanned' | 'ahead'
  readonly pupil: string | null
  readonly on: Day | null
}

export interface Correction {
  readonly pupil: Person
  readonly on: Day
  readonly before: string
  readonly after: string
  readonly reason: string
  readonly reason_text: string | null
  readonly by: Person
  readonly at: string
}

export interface Changed {
  readonly pupils: readonly Person[]
  readonly on: Day
  readonly before: string
  readonly now: string
  readonly why: string
}

export interface Closing {
  readonly state: State | 'open'
  readonly revision: number
  /** What was seen by whoever closes or checks it. */
  readonly digest: string
  readonly closed: Done | null
  readonly checked: Done | null
  /** Nothing has changed since the check. */
  readonly current: boolean
  readonly returned: Done | null
  readonly open: readonly StillOpen[]
  /** Days with all entries that nobody has confirmed. */
  readonly unconfirmed: readonly Day[]
  readonly corrections: readonly Correction[]
  readonly changed: readonly Changed[]
  /** The asker closed it: somebody else checks. */
  readonly own: boolean
  readonly may: readonly ('close' | 'check' | 'return')[]
}

interface Sheet extends Live {
  readonly class_id: string
  readonly name: string
  readonly school: School
  readonly school_year: number
  /** `2026-04` first. */
  readonly months: readonly string[]
  readonly classes: readonly (SchoolClass & { readonly state: State | null })[]
  readonly homerooms: readonly string[]
  readonly planned: boolean
  /** Rolls of lessons were taken in the class that year: there are 欠課時数. */
  readonly by_lessons: boolean
  /** The last day that is counted; null of a month that has not begun. */
  readonly through: Day | null
  readonly notes: readonly string[]
  readonly totals: Counts
}

export interface Month extends Sheet {
  readonly month: string
  readonly symbols: readonly AttendanceSymbol[]
  readonly days: readonly MonthDay[]
  readonly lines: readonly MonthLine[]
  /** What can be put beside its days. */
  readonly beside: readonly BesideMark[]
  readonly may_mark: boolean
  /** Whether the asker may print the whole school's month. */
  readonly may_bundle: boolean
  readonly lessons: number
  readonly closing: Closing
}

export interface Year extends Sheet {
  readonly lines: readonly YearLine[]
  readonly lessons: readonly number[]
  readonly by_month: readonly Counts[]
  /** Of each month. */
  readonly states: readonly (State | null)[]
  /** Whether the asker may enter days of former schools. */
  readonly may_former: boolean
}

export type Register = Month | Year

/** The sheet of a whole year, where a month would stand. */
export const YEAR = 'year'

export const registerQuery = (classId: string, sheet: string) =>
  queryOptions({
    queryKey: ['register', classId, sheet],
    queryFn: ({ signal }) => read<Register>(registerPath(classId, sheet), signal),
  })

export function registerPath(classId: string, sheet: string): string {
  const base = `/api/registry/v1/classes/${classId}/register`
  return sheet === YEAR ? `${base}/${YEAR}` : `${base}/months/${sheet}`
}

export function addressOf(classId: string, sheet: string): string {
  return `/classes/${classId}/register/${sheet}`
}

/** A school's month as one file. */
export interface Bundle {
  readonly id: string
  readonly month: string
  readonly paper: 'a4' | 'a3'
  readonly state: 'writing' | 'ready' | 'stopped' | 'removed'
  readonly made_at: string
  /** Classes that are read, of how many; of none while it has not begun. */
  readonly read: number
  readonly of: number
  readonly sheets: number
  readonly stopped: string | null
}

interface Bundles extends Live {
  readonly kept_minutes: number
  readonly bundles: readonly Bundle[]
}

export function bundlesPath(school: string): string {
  return `/api/registry/v1/schools/${school}/register/bundles`
}

const EVERY_MS = 1000

export const bundlesQuery = (school: string) =>
  queryOptions({
    queryKey: ['register-bundles', school],
    queryFn: ({ signal }) => read<Bundles>(bundlesPath(school), signal),
    refetchInterval: ({ state: { data } }) => (data?.bundles.some(({ state }) => state === 'writing') ? EVERY_MS : false),
  })

/** A class's day, as the roll tells it: who said what. */
export const dayQuery = (classId: string, date: Day) =>
  queryOptions({
    queryKey: ['roll', classId, date],
    queryFn: ({ signal }) => read<Roll>(`/api/classes/${classId}/days/${date}/roll`, signal),
  })
