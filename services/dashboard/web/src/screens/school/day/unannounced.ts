/** 連絡なし as the BFF tells it, and the commands about its calls. */
import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Followed, Person, Roll, School, SchoolClass, Tint } from '~/api/types'
import type { Day } from '~/dates/dates'

export type Outcome = 'no_answer' | 'left_word' | 'left_home'

export interface MadeCall {
  readonly id: string
  readonly outcome: Outcome
  readonly word: string
  readonly relation_word: string | null
  readonly by: Person
  readonly at: string
  readonly mine: boolean
}

/** A child who is not here and of whom nobody has said why. */
export interface MissingChild {
  readonly pupil: Person
  readonly class: SchoolClass
  readonly number: number | null
  readonly revision: number
  /** Whether the roll of the class was taken. */
  readonly taken: boolean
  /** A teacher has marked the child; else nobody has said anything. */
  readonly recorded: boolean
  readonly word: string
  readonly glyph: string
  readonly tint: Tint
  readonly since: string | null
  readonly calling: { readonly by: Person; readonly at: string; readonly mine: boolean } | null
  readonly calls: readonly MadeCall[]
}

export interface WaitingClass {
  readonly class: SchoolClass
  readonly homeroom: Person | null
  readonly unrecorded: number
}

export interface Unannounced extends Followed {
  readonly school: School
  readonly date: Day
  /** All of them; `kept` of these are kept from the reader. */
  readonly count: number
  readonly kept: number
  readonly children: readonly MissingChild[]
  readonly waiting: readonly WaitingClass[]
  /** The board's marks for somebody who is here after all. */
  readonly codes: { readonly present: string | null; readonly late: string | null }
  readonly may: { readonly call: boolean; readonly mark: boolean }
}

export const KEY = 'unannounced'

const base = (school: string, date: Day) => `/api/schools/${school}/days/${date}/unannounced`

export const unannouncedQuery = (school: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, school, date],
    queryFn: ({ signal }) => read<Unannounced>(base(school, date), signal),
  })

/** Names of a class whose roll is still missing: asked for when somebody wants them. */
export const namesQuery = (classId: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, 'class', classId, date],
    queryFn: ({ signal }) => read<Roll>(`/api/classes/${classId}/days/${date}/roll`, signal),
  })

export const callPath = (school: string, date: Day, pupil: string, act: string) => `${base(school, date)}/${pupil}/${act}`

/** Where a mark of the office is saved: registry owns it. */
export const markPath = (classId: string, date: Day) => `/api/registry/v1/classes/${classId}/days/${date}/roll`

/** One mark for a child who is here after all; a correction has its reason ready. */
export function markBody({ pupil, revision }: MissingChild, code: string, reason: 'mistaken_entry' | 'came_later') {
  return { marks: [{ pupil: pupil.id, seen: revision, code, reason: { code: reason, text: null } }], taken: false }
}
