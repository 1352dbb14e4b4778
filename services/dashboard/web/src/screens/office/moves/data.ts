import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Followed, Person } from '~/api/types'
import type { Day } from '~/dates/dates'

export const KEY = 'moves'

export interface Unit {
  readonly id: string
  readonly name: string
}

export interface Step {
  readonly step: string
  readonly word: string
  readonly school: Unit | null
  readonly done_on: Day | null
  readonly by: Person | null
  /** Whether the reader may say that it was done: the office of the school whose step it is. */
  readonly may_tick: boolean
}

export interface Move {
  readonly id: string
  readonly kind: 'within' | 'leaving' | 'arriving'
  readonly pupil: Person
  readonly grade: string
  readonly grade_word: string
  readonly from_school: Unit | null
  readonly to_school: Unit | null
  readonly elsewhere: { readonly name: string; readonly address: string; readonly board: string } | null
  readonly left_on: Day | null
  readonly transferred_on: Day | null
  readonly accepted_on: Day | null
  readonly placed: Unit | null
  readonly number: number | null
  readonly steps: readonly Step[]
  readonly turn: string | null
  readonly provisional: boolean
  readonly undone_at: string | null
  readonly revision: number
  readonly may: { readonly change: boolean; readonly place: boolean; readonly certify: boolean }
}

/** A school that one may announce arrivals at; grades as code and word. */
export interface Accepting extends Unit {
  readonly grades: readonly (readonly [code: string, word: string])[]
}

/** A move on its own page. */
export type MovePage = Move & Followed

export interface Moves extends Followed {
  readonly moves: readonly Move[]
  readonly schools: readonly Unit[]
  readonly accepting: readonly Accepting[]
  readonly whole_board: boolean
  readonly today: Day
}

export interface Found {
  readonly pupil: Person
  readonly school: Unit
  readonly class_name: string
  readonly number: number | null
  readonly grade: string
  readonly grade_word: string
}

export interface Options {
  readonly chosen: Found
  readonly siblings: readonly Found[]
  readonly siblings_at: readonly string[]
  readonly schools: readonly Unit[]
}

export interface Room {
  readonly id: string
  readonly name: string
  readonly special_needs: boolean
  readonly members: number
  readonly next_number: number
}

export interface Book {
  readonly subject: string
  readonly publisher: string
  readonly code: string
  readonly title: string
}

export interface Certificate {
  readonly id: string
  readonly title: string
  readonly number: string
  readonly issued_on: Day
  readonly by: Person | null
  readonly voided_at: string | null
  readonly void_reason: string | null
}

const BASE = '/api/registry/v1'

export const movesPath = `${BASE}/moves`
export const arrivalsPath = `${BASE}/arrivals`
export const movePath = (id: string, act: string) => `${BASE}/moves/${id}/${act}`
export const voidPath = (id: string) => `${BASE}/certificates/${id}/void`
export const pdfPath = (id: string) => `${BASE}/certificates/${id}/pdf`

export const movesQuery = () => queryOptions({ queryKey: [KEY], queryFn: ({ signal }) => read<Moves>(movesPath, signal) })

export const moveQuery = (id: string) =>
  queryOptions({ queryKey: [KEY, id], queryFn: ({ signal }) => read<MovePage>(`${movesPath}/${id}`, signal) })

export const certificatesQuery = (id: string) =>
  queryOptions({
    queryKey: [KEY, id, 'certificates'],
    queryFn: ({ signal }) => read<Followed & { readonly certificates: readonly Certificate[] }>(movePath(id, 'certificates'), signal),
  })

/** The board's textbooks for the grade of whoever moves, on a day. */
export interface Adopted {
  readonly grade_word: string
  readonly books: readonly Book[]
}

export const adoptedQuery = (id: string, on: Day | null) =>
  queryOptions({
    queryKey: ['move-books', id, on],
    queryFn: ({ signal }) => read<Adopted>(movePath(id, `textbooks?on=${on ?? ''}`), signal),
  })

export const pupilsQuery = (words: string) =>
  queryOptions({
    queryKey: [KEY, 'pupils', words],
    queryFn: ({ signal }) => read<readonly Found[]>(`${movesPath}/pupils?q=${encodeURIComponent(words)}`, signal),
    enabled: words !== '',
  })

export const optionsQuery = (pupil: string) =>
  queryOptions({
    queryKey: [KEY, 'options', pupil],
    queryFn: ({ signal }) => read<Options>(`${BASE}/pupils/${pupil}/move-options`, signal),
  })

export const roomsQuery = (school: string, on: Day, grade: string) =>
  queryOptions({
    enabled: school !== '' && on !== '' && grade !== '',
    queryKey: [KEY, 'rooms', school, on, grade],
    queryFn: ({ signal }) => read<readonly Room[]>(`${BASE}/schools/${school}/rooms?on=${on}&grade=${grade}`, signal),
  })
