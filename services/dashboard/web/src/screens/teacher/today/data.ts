import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Today } from '~/api/types'

export const todayQuery = queryOptions({
  queryKey: ['today'],
  queryFn: ({ signal }) => read<Today>('/api/today', signal),
})
