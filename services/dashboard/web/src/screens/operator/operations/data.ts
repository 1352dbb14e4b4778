import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Operations } from '~/api/types'

/** Lag grows without any event, so this one is also asked for from time to time. */
const EVERY_MS = 10_000

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: ({ signal }) => read<Operations>('/api/operations', signal),
  refetchInterval: EVERY_MS,
})
