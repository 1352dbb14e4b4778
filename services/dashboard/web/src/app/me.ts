import { t } from '@lingui/core/macro'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { read } from '~/api/http'
import { NotConnected } from '~/api/problem'
import { session } from '~/api/session'
import type { Me } from '~/api/types'
import type { Day } from '~/dates/dates'
import { forgetOthers, keptFamily, todayAway } from './kept'

/** Until somebody answers, a guardian's telephone is asked who they are as it knew it last. */
const AGAIN_MS = 5_000

async function readMe(signal: AbortSignal): Promise<Me> {
  try {
    const me = await read<Me>('/api/me', signal)
    void forgetOthers(me.person.id)
    if (session.current() === 'ended') session.open(me.person.id) // signed in again where nobody could tell this tab
    return me
  } catch (error) {
    const kept = error instanceof NotConnected ? await keptFamily() : null
    if (kept === null) throw error
    return { ...kept.me, today: todayAway(kept.me), away: true }
  }
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => readMe(signal),
  staleTime: 60_000,
  refetchInterval: ({ state: { data } }) => (data?.away === true ? AGAIN_MS : false),
})

/** The signed-in person. Only under the gate, which shows nothing before it is known. */
export function useMe(): Me {
  const { data } = useQuery(meQuery)
  if (!data) throw new Error('useMe outside the gate')
  return data
}

/** 出席簿 of a class in a day's month, if it is open to this person as registry decides it: the class's teachers, the school's heads and office. */
export function registerOf(me: Me, classId: string, school: string, date: Day): { readonly href: string; readonly word: string } | undefined {
  const may = me.roles.some(
    ({ kind, class: of, school: at }) =>
      (of?.id === classId && ['homeroom', 'assistant'].includes(kind)) || (at?.id === school && ['principal', 'vice_principal', 'office'].includes(kind)),
  )
  return may ? { href: `/classes/${classId}/register/${date.slice(0, 7)}`, word: t`出席簿` } : undefined
}
