import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Day } from '~/dates/dates'
import type { Said, Sayings } from '../dated'

export type Kind = 'enrolment' | 'textbooks'

export interface Row {
  readonly label: string
  readonly field: string
}

export interface Form {
  readonly title: string
  readonly number: string
  readonly rows: readonly Row[]
  /** Sentences while the pupil is at the school. */
  readonly body: readonly string[]
  /** Sentences once the last day is over. */
  readonly body_left: readonly string[]
  readonly columns: readonly string[]
  readonly note: string
  /** Word in the seal's box; empty: no box. */
  readonly seal: string
  /** Of the letters, in points. */
  readonly size: number
}

export type Forms = Readonly<Record<Kind, Form>>

export interface Version extends Said {
  readonly forms: Forms | null
  /** Textbooks as lines. */
  readonly rows: readonly (readonly string[])[] | null
}

export interface Versions extends Sayings<Version> {
  readonly today: Day
}

/** What may stand in braces, and what is printed there. */
export interface FieldWord {
  readonly name: string
  readonly word: string
}

export interface FormsPage extends Versions {
  readonly forms: Forms
  readonly fields: readonly FieldWord[]
  readonly row_fields: readonly FieldWord[]
}

export interface BooksPage extends Versions {
  readonly rows: readonly (readonly string[])[]
  readonly heads: readonly string[]
}

/** Pictures and the document as data addresses. */
export interface Sample {
  readonly pages: readonly string[]
  readonly pdf: string
}

const base = (board: string) => `/api/registry/v1/boards/${board}`

export const formsPath = (board: string) => `${base(board)}/certificate-forms`
export const booksPath = (board: string) => `${base(board)}/textbooks`

export const KEY = 'certificate-settings'

export const formsQuery = (board: string) => queryOptions({ queryKey: [KEY, 'forms', board], queryFn: ({ signal }) => read<FormsPage>(formsPath(board), signal) })

export const booksQuery = (board: string) => queryOptions({ queryKey: [KEY, 'books', board], queryFn: ({ signal }) => read<BooksPage>(booksPath(board), signal) })
