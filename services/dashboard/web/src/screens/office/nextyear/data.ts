import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Followed, Person } from '~/api/types'

export const KEY = 'class-plan'

export interface PlannedClass {
  readonly id: string
  readonly name: string
  readonly grade: string | null
  readonly special_needs?: boolean
  readonly homeroom?: string | null
}

export interface Seat {
  readonly class_id: string
  readonly number: number | null
}

export interface Plan {
  readonly classes: readonly PlannedClass[]
  readonly seats: Readonly<Record<string, Seat>>
  readonly apart: readonly (readonly string[])[]
  readonly together: readonly (readonly string[])[]
  readonly stay: readonly string[]
}

export interface Candidate {
  readonly pupil: Person
  readonly sex: string
  readonly grade: string
  readonly before: string
  readonly before_number: number | null
  readonly special_needs: boolean
  readonly comes_from: string
}

export interface PlanPage extends Followed {
  readonly school: string
  readonly school_name: string
  readonly year: number
  readonly revision: number
  readonly plan: Plan
  readonly grades: readonly (readonly [code: string, word: string])[]
  readonly pupils: readonly Candidate[]
  /** Grade → children under protection who come from another school: their number, and not who they are. */
  readonly unnamed: Readonly<Record<string, number>>
  readonly twins: readonly (readonly string[])[]
  readonly begun: boolean
}

export interface RowsRead {
  readonly plan: Plan | null
  readonly read: number
  readonly wrong: readonly { readonly cell: string; readonly message: string }[]
}

export const planPath = (school: string, year: number) => `/api/registry/v1/schools/${school}/class-plans/${year}`

export const planQuery = (school: string, year: number) =>
  queryOptions({
    queryKey: [KEY, school, year],
    queryFn: ({ signal }) => read<PlanPage>(planPath(school, year), signal),
    // What is being made here is not overwritten by a refetch; a save that came second says so.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
