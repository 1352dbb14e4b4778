import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Person } from '~/api/types'
import type { Day } from '~/dates/dates'

export const KEY = 'notices'

export type Kind = 'absent' | 'late' | 'early_leave' | 'bereavement' | 'other'

interface Named {
  readonly id: string
  readonly family: string
  readonly given: string
}

export interface Guardian extends Named {
  readonly relation: string
  readonly relation_word: string
}

/** What a family has told. `until` is the day after the last one. */
export interface Notice {
  readonly notice: string
  readonly pupil: Named
  readonly class_name: string | null
  readonly number: number | null
  readonly revision: number
  readonly withdrawn: boolean
  readonly kind: Kind
  readonly reason: 'sick' | 'other' | null
  readonly since: Day
  readonly until: Day
  readonly channel: 'phone' | 'paper' | 'app'
  readonly guardian: string | null
  readonly relation_word: string | null
  readonly teller: string | null
  readonly words: string | null
  readonly told_at: string
  readonly entered_at: string
  readonly entered_by: Named
  readonly replies?: readonly { readonly words: string; readonly at: string }[]
  /** What whoever told it was told, or is to be: which way, and what became of it. */
  readonly told?: readonly Sent[]
  /** By which ways they can be told, besides the app. */
  readonly reach?: readonly Way[]
  readonly confirmed: readonly { readonly on: Day; readonly revision: number; readonly at: string; readonly by: Named }[]
}

export type Way = 'email' | 'push'

export interface Sent {
  readonly kind: Way
  readonly what: 'confirmed' | 'answered'
  readonly state: 'waiting' | 'handed_over' | 'gave_up' | 'gone'
  readonly reason: string | null
  readonly tries: number
  readonly at: string
}

export interface PupilNotices {
  readonly pupil: Person & { readonly class_name: string | null; readonly number: number | null }
  readonly guardians: readonly Guardian[]
  readonly notices: readonly Notice[]
}

/** A day of a school, and whether families can be told by mail or on their devices at all. */
export interface SchoolNotices {
  readonly on: Day
  readonly mail?: boolean
  readonly push?: boolean
  readonly notices: readonly Notice[]
}

export interface Saved {
  readonly notices: readonly { readonly notice: string; readonly pupil: string; readonly revision: number }[]
}

const BASE = '/api/messaging/v1'

export const noticesPath = `${BASE}/notices`
export const changePath = (notice: string) => `${noticesPath}/${notice}/change`
export const withdrawPath = (notice: string) => `${noticesPath}/${notice}/withdraw`
export const replyPath = (notice: string) => `${noticesPath}/${notice}/replies`

export const pupilQuery = (pupil: string) =>
  queryOptions({
    queryKey: [KEY, pupil],
    queryFn: ({ signal }) => read<PupilNotices>(`${BASE}/pupils/${pupil}/notices`, signal),
  })

export const schoolQuery = (school: string, on: Day) =>
  queryOptions({
    queryKey: [KEY, 'school', school, on],
    queryFn: ({ signal }) => read<SchoolNotices>(`${BASE}/schools/${school}/notices?on=${on}`, signal),
  })
