import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Day } from '~/dates/dates'
import type { Said, Sayings } from '../dated'

export type Which = 'symbols' | 'beside' | 'bereavement'

/** A line of a list; without a code it is a new one. */
export interface Row {
  readonly code: string | null
  /** Of symbols what they count as, of marks beside a day their kind. */
  readonly counts: string
  readonly word: string
  readonly glyph: string
  readonly key: string
  /** Of 忌引. */
  readonly days: number | null
}

export interface Told {
  readonly rows: readonly Row[]
  /** Of 忌引: days without lessons count among days in a row. */
  readonly holidays: boolean
}

export interface Version extends Said, Told {}

export interface List extends Told, Sayings<Version> {
  readonly which: Which
  readonly name: string
  /** The first day from which it can be said. */
  readonly first: Day
}

export interface Lists {
  readonly today: Day
  readonly lists: readonly List[]
  readonly counts: readonly { readonly name: string; readonly word: string }[]
}

export const KEY = 'attendance-lists'

export const listsPath = (board: string) => `/api/registry/v1/boards/${board}/attendance-lists`

export const listsQuery = (board: string) => queryOptions({ queryKey: [KEY, board], queryFn: ({ signal }) => read<Lists>(listsPath(board), signal) })
