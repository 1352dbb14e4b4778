import { queryOptions, useQuery } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Me } from '~/api/types'

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
