import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Followed, Person } from '~/api/types'

export const KEY = 'same-people'

export interface Side {
  readonly person: Person
  readonly where: string
}

export interface Question {
  readonly id: string
  readonly one: Side
  readonly other: Side
  readonly reasons: readonly string[]
  readonly state: 'open' | 'waiting' | 'same' | 'different'
  readonly raised_at: string
  readonly note: string
}

/** What both cards say about one thing. */
export interface Line {
  readonly name: string
  readonly one: readonly string[]
  readonly other: readonly string[]
  readonly differs: boolean
}

export interface Merging {
  readonly id: string
  readonly gone: Person
  readonly kept: Person
  readonly at: string
  readonly by: Person
  readonly note: string
}

export interface Pair extends Question, Followed {
  readonly revision: number
  readonly lines: readonly Line[]
  readonly keeps: string | null
  /** Where they cannot be merged: what may have been announced by mistake. */
  readonly moves: readonly { readonly move: string; readonly words: string }[]
  readonly words: readonly string[]
  readonly wrong: readonly string[]
  readonly merging: Merging | null
}

export interface Questions extends Followed {
  readonly questions: readonly Question[]
  readonly more: boolean
  /** Two cards can be asked about by hand. */
  readonly may_ask: boolean
}

const BASE = '/api/registry/v1/same-people'

export const askPath = BASE
export const answerPath = (id: string) => `${BASE}/${id}/answer`
export const undoPath = (merging: string) => `${BASE}/mergings/${merging}/undo`

export const questionsQuery = (state: 'open' | 'different') =>
  queryOptions({ queryKey: [KEY, state], queryFn: ({ signal }) => read<Questions>(`${BASE}?state=${state}`, signal) })

export const pairQuery = (id: string) =>
  queryOptions({ queryKey: [KEY, 'pair', id], queryFn: ({ signal }) => read<Pair>(`${BASE}/${id}`, signal) })
