import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Me, School } from '~/api/types'

export type State = 'signed_in' | 'holding' | 'expired' | 'none'

export type Counts = Readonly<Record<State | 'guardians', number>>

export interface ClassCounts {
  /** Null: the children without a class. */
  readonly id: string | null
  readonly name: string
  readonly counts: Counts
}

export interface SchoolCounts {
  readonly school: string
  readonly name: string
  readonly days: number
  readonly counts: Counts
  readonly classes: readonly ClassCounts[]
}

interface Person {
  readonly id: string
  readonly family: string
  readonly given: string
}

export interface Family {
  readonly guardian: Person
  readonly relation_word: string
  readonly pupil: Person
  readonly number: number | null
  readonly state: State
  readonly code: { readonly id: string; readonly issued_at: string; readonly issued_by: string; readonly last_day: string } | null
  readonly signed_in_on: string | null
}

export interface ClassFamilies {
  readonly id: string | null
  readonly name: string
  readonly families: readonly Family[]
}

export interface Sheets {
  readonly printed: number
  readonly last_day: string
  readonly refused: readonly { readonly guardian: string; readonly why: 'moved' | 'gone' }[]
  /** Null: the answer to this command had been given before; its sheets cannot be had again. */
  readonly pdf: string | null
  readonly missing: readonly string[]
}

export const base = (school: string) => `/api/identity/v1/schools/${school}/invitations`

/** The part of an address that names the children without a class. */
export const NO_CLASS = 'none'

const familiesAddress = (school: string, classId: string | null) => `${base(school)}/guardians${classId === null ? '' : `?class_id=${classId}`}`

export const schoolQuery = (school: string) =>
  queryOptions({ queryKey: ['invitations', school], queryFn: ({ signal }) => read<SchoolCounts>(base(school), signal) })

export const classQuery = (school: string, classId: string | null) =>
  queryOptions({ queryKey: ['invitations', school, classId], queryFn: ({ signal }) => readFamilies(school, classId, signal) })

export const readFamilies = (school: string, classId: string | null, signal?: AbortSignal) => read<ClassFamilies>(familiesAddress(school, classId), signal)

/** The school whose guardians this person invites; the server decides again. */
export function schoolOf(me: Me): School | null {
  return me.roles.find(({ kind, school }) => school && ['principal', 'vice_principal', 'office'].includes(kind))?.school ?? null
}
