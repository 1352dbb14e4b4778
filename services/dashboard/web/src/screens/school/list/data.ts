import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Live, Person, School, SchoolClass } from '~/api/types'
import type { Day } from '~/dates/dates'

export interface ListMember {
  readonly pupil: Person
  readonly number: number | null
  /** True for a child of 在籍 elsewhere: not numbered here. */
  readonly exchange: boolean
  readonly since: Day
  readonly until: Day | null
  /** Place in kana order, from 1. */
  readonly kana_order: number
  readonly birth_order: number | null
}

export interface ClassList extends Live {
  readonly class: SchoolClass
  readonly school: School
  readonly date: Day
  readonly today: Day
  readonly school_year: number
  readonly revision: string
  readonly members: readonly ListMember[]
  readonly classes: readonly SchoolClass[]
  readonly may: { readonly number: boolean }
  /** The last act on the numbers, while nothing has changed the list since. */
  readonly undo: { readonly id: string; readonly at: string; readonly by: Person; readonly since: Day; readonly changed: number } | null
}

export interface Numbered {
  readonly change: string | null
  readonly changed: readonly { readonly pupil: Person; readonly before: number | null; readonly after: number }[]
  readonly rolls: number
}

export const KEY = 'class-list'

export const listQuery = (classId: string, date: Day) =>
  queryOptions({
    queryKey: [KEY, classId, date],
    queryFn: ({ signal }) => read<ClassList>(`${listPath(classId)}?on=${date}`, signal),
  })

export function listPath(classId: string): string {
  return `/api/registry/v1/classes/${classId}/list`
}

export function addressOf(classId: string, date: Day): string {
  return `/classes/${classId}/days/${date}/list`
}
