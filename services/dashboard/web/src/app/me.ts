import { t } from '@lingui/core/macro'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Me } from '~/api/types'
import type { Day } from '~/dates/dates'

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => read<Me>('/api/me', signal),
  staleTime: 60_000,
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
