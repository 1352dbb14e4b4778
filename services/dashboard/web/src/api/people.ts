/** Cards and lists of people, as registry answers them through the origin. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Day } from '~/dates/dates'
import { read } from './http'
import type { Followed, Person } from './types'

export type Hat = 'pupil' | 'staff' | 'guardian'

export interface Unit {
  readonly id: string
  readonly name: string
}

export interface Found {
  readonly person: Person
  readonly hat: Hat
  readonly school: Unit | null
  readonly school_class: Unit | null
  readonly number: number | null
  readonly grade: string | null
  readonly birth_month: number | null
  /** A child of one's own class. */
  readonly mine: boolean
  readonly of: string | null
}

export interface People extends Followed {
  readonly people: readonly Found[]
  readonly more: boolean
  /** The class that was asked for, when no school in reach has one of that name. */
  readonly unknown_class: string | null
}

export interface Places {
  readonly schools: readonly Unit[]
  readonly classes: readonly (Unit & { readonly grade: string | null })[]
}

export interface LegalName {
  readonly family: string
  readonly given: string
  readonly family_kana: string
  readonly given_kana: string
}

export interface Seat {
  readonly period: string
  readonly school: string
  readonly school_class: Unit
  readonly kind: 'home' | 'exchange'
  readonly number: number | null
  readonly since: Day
  readonly last: Day | null
}

export interface Phone {
  readonly number: string
  readonly kind: 'mobile' | 'home' | 'work' | 'other'
  readonly kind_word: string
}

/** 連絡先 on the day asked about. */
export interface Contact {
  readonly period: string
  readonly postal_code: string
  readonly address: string
  readonly phones: readonly Phone[]
  readonly language: string
  readonly language_word: string
  readonly since: Day
  readonly last: Day | null
}

export interface Tie {
  readonly period: string
  readonly person: Person
  readonly relation: string
  readonly relation_word: string
  readonly notify: boolean
  readonly read: boolean
  readonly contact: boolean
  /** Of a guardian whom the school may call. */
  readonly phones: readonly Phone[]
  readonly since: Day
  readonly last: Day | null
}

export interface HistoryEntry {
  readonly side: 'name' | 'enrolment' | 'class' | 'duty' | 'guardian' | 'protection' | 'contact'
  readonly since: Day
  readonly words: string
  readonly notes: readonly string[]
  readonly at: string
  readonly by: string
  readonly reason: string | null
  readonly taken_back: boolean
}

export interface Card {
  readonly person: Person
  readonly legal: LegalName
  readonly common: LegalName | null
  readonly birth_date: Day | null
  readonly sex: string | null
  readonly sex_word: string | null
  readonly revision: number
  readonly hats: readonly Hat[]
  readonly as_of: Day
  readonly known_at: string | null
  readonly pupil: {
    readonly enrolment: {
      readonly period: string
      readonly school: Unit
      readonly grade: string
      readonly grade_word: string
      readonly since: Day
      readonly last: Day | null
    } | null
    readonly home: Seat | null
    readonly exchange: readonly Seat[]
    readonly next: readonly string[]
  } | null
  readonly protected: boolean
  readonly guardians: readonly Tie[] | null
  readonly protection: { readonly period: string; readonly since: Day; readonly confidential_from: readonly Person[] } | null
  readonly children: readonly Tie[] | null
  readonly duties: readonly { readonly words: string; readonly since: Day; readonly last: Day | null }[] | null
  readonly contact: Contact | null
  /** What will hold after it, when that is known. */
  readonly contact_next: Contact | null
  readonly history: readonly HistoryEntry[] | null
  /** Cards that were merged into this one, for those who may take that back. */
  readonly merged: readonly { readonly question: string; readonly name: string }[]
  readonly may: { readonly change: boolean; readonly family: boolean; readonly protection: boolean; readonly contact: boolean; readonly erase: boolean; readonly same: boolean }
}

export interface PeopleAsked {
  readonly q?: string | undefined
  readonly hat?: Hat | undefined
  readonly school?: string | undefined
  readonly class_id?: string | undefined
  readonly rows?: number | undefined
}

const BASE = '/api/registry/v1/people'

export const peopleQuery = (asked: PeopleAsked) =>
  queryOptions({
    queryKey: ['people', asked],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(asked)) if (value !== undefined && value !== '') query.set(name, String(value))
      return read<People>(`${BASE}?${query}`, signal)
    },
    placeholderData: keepPreviousData,
  })

export const placesQuery = (school: string | undefined) =>
  queryOptions({
    queryKey: ['people-places', school],
    queryFn: ({ signal }) => read<Places>(`${BASE}/places${school ? `?school=${school}` : ''}`, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })

/** `known`: what was known at the end of that day in Japan. `rights`: before a form that changes rights. */
export const cardQuery = (person: string, on?: Day, known?: Day, rights = false) =>
  queryOptions({
    queryKey: ['card', person, on, known, rights],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams()
      if (on) query.set('as_of', on)
      if (known) query.set('known_at', `${known}T23:59:59+09:00`)
      if (rights) query.set('purpose', 'rights')
      return read<Card>(`${BASE}/${person}${query.size ? `?${query}` : ''}`, signal)
    },
  })

/** That somebody was erased; who it was, nobody can say any more. */
export interface Erasure {
  readonly number: number
  readonly person: string
  readonly ground: string
  readonly document: string | null
  readonly words: readonly string[]
  readonly at: string
  readonly by: string
}

export const erasuresQuery = () =>
  queryOptions({
    queryKey: ['erasures'],
    queryFn: ({ signal }) => read<{ readonly erasures: readonly Erasure[] }>('/api/registry/v1/erasures', signal),
  })
