/** What families have told about the class's day, with their words: messaging has them, the roll only what follows. */
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '~/api/http'
import type { Roll } from '~/api/types'
import type { Day } from '~/dates/dates'

interface Named {
  readonly id: string
  readonly family: string
  readonly given: string
}

export interface Told {
  readonly notice: string
  readonly pupil: Named
  readonly number: number | null
  readonly revision: number
  readonly withdrawn: boolean
  readonly kind: 'absent' | 'late' | 'early_leave' | 'bereavement' | 'other'
  readonly relation_word: string | null
  readonly teller: string | null
  readonly words: string | null
  readonly told_at: string
  /** When it became what it is: told first, or changed. */
  readonly entered_at: string
  readonly confirmed: readonly { readonly on: Day; readonly revision: number }[]
  readonly replies: readonly { readonly revision: number; readonly words: string }[]
}

const toldQuery = (classId: string, date: Day, stamp: string) =>
  queryOptions({
    queryKey: ['told', classId, date, stamp],
    queryFn: ({ signal }) => read<{ readonly notices: readonly Told[] }>(`/api/messaging/v1/classes/${classId}/notices?on=${date}`, signal),
    placeholderData: keepPreviousData,
  })

/** What the roll knows of notices: when it changes there are words to be read anew. */
export function stampOf({ members }: Roll): string {
  return members.flatMap(({ cell }) => cell.explain.flatMap(({ source, at }) => (source === 'notice' ? [at] : []))).join(' ')
}

/** Notices that no mark says, as they stand, which nobody here has read or answered: they come before 確定. */
export function unreadOf(told: readonly Told[], date: Day, read: ReadonlySet<string>): readonly Told[] {
  return told.filter(
    (one) =>
      one.kind === 'other' &&
      !one.withdrawn &&
      !one.confirmed.some(({ on, revision }) => on === date && revision === one.revision) &&
      !one.replies.some(({ revision }) => revision === one.revision) &&
      !read.has(keyOf(one)),
  )
}

export function keyOf({ notice, revision }: Told): string {
  return `${notice} ${revision}`
}

/** A day that no notice speaks of asks nothing; who may not read the words takes the roll without them. */
export function useTold(roll: Roll) {
  const stamp = stampOf(roll)
  const { data, refetch } = useQuery({ ...toldQuery(roll.class.id, roll.date, stamp), enabled: stamp !== '' })
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  const told = stamp === '' ? [] : (data?.notices ?? [])
  return {
    told: told.filter(({ withdrawn }) => !withdrawn),
    unread: unreadOf(told, roll.date, seen),
    markRead: (one: Told) => setSeen(new Set([...seen, keyOf(one)])),
    again: () => void refetch(),
  }
}
