import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import { NotConnected } from '~/api/problem'
import type { Person } from '~/api/types'
import { keptFamily, todayAway } from '~/app/kept'
import type { Day } from '~/dates/dates'

export type Kind = 'absent' | 'late' | 'early_leave' | 'bereavement' | 'other'
export type Reason = 'sick' | 'other'

type Named = Pick<Person, 'id' | 'family' | 'given'>

export interface Reply {
  readonly words: string
  readonly at: string
  readonly by: Named
}

/** What was told about a child. `until` is the day after the last one; words and answers are those of one's own. */
export interface Notice {
  readonly notice: string
  readonly revision: number
  readonly withdrawn: boolean
  readonly kind: Kind
  readonly reason: Reason | null
  readonly since: Day
  readonly until: Day
  readonly channel: 'phone' | 'paper' | 'app'
  readonly own: boolean
  readonly relation_word: string | null
  readonly words: string | null
  readonly told_at: string
  readonly entered_at: string
  readonly late: boolean
  readonly confirmed: readonly { readonly on: Day; readonly at: string }[]
  readonly replies: readonly Reply[]
  readonly may_change: boolean
}

export interface Child {
  readonly pupil: Named
  readonly may_tell: boolean
  readonly at: { readonly name: string; readonly class_name: string | null }
  readonly notices: readonly Notice[]
}

export interface Family {
  readonly today: Day
  readonly cut_off: string
  readonly children: readonly Child[]
  /** Nobody answered: only the children's names are here. */
  readonly away?: true
}

/** What goes to the service. */
export interface Telling {
  readonly kind: Kind
  readonly reason: Reason | null
  readonly since: Day
  readonly until: Day
  readonly words: string | null
}

const BASE = '/api/messaging/v1/family'
export const HOME = '/family'
export const TELL_PATH = `${BASE}/notices`
export const changePath = (notice: string) => `${TELL_PATH}/${notice}/change`
export const withdrawPath = (notice: string) => `${TELL_PATH}/${notice}/withdraw`

/** While something told for today waits for the teacher, the page looks again by itself; else seldom. */
const SOON_MS = 8_000
const SELDOM_MS = 60_000

/** The family; without a network the children whom this telephone knows, and nothing that was told. */
async function readFamily(signal: AbortSignal, before: () => Family | undefined): Promise<Family> {
  try {
    return await read<Family>(BASE, signal)
  } catch (error) {
    if (!(error instanceof NotConnected) || (before() && before()?.away !== true)) throw error
    const kept = await keptFamily<Family>()
    if (kept === null) throw error
    return { ...kept.family, today: todayAway(kept.me), away: true }
  }
}

/** What of it may stay on the device. */
export function bare(family: Family): Family {
  return { ...family, children: family.children.map((child) => ({ ...child, at: { name: '', class_name: null }, notices: [] })) }
}

export const familyQuery = queryOptions({
  queryKey: ['family'],
  queryFn: ({ signal, client }) => readFamily(signal, () => client.getQueryData<Family>(['family'])),
  refetchInterval: ({ state: { data, error } }) => (error !== null || (data && (data.away === true || waits(data))) ? SOON_MS : SELDOM_MS),
  refetchOnWindowFocus: 'always',
  meta: { followsWrites: true },
})

function waits({ children, today }: Family): boolean {
  return children.some(({ notices }) => notices.some((one) => !one.withdrawn && one.since <= today && today < one.until && one.confirmed.every(({ on }) => on !== today)))
}
