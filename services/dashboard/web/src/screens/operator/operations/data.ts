import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Operations, ParkedKey, ParkedRecords } from '~/api/types'

/** Lag grows without any event, so this one is also asked for from time to time. */
const EVERY_MS = 10_000

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: ({ signal }) => read<Operations>('/api/operations', signal),
  refetchInterval: EVERY_MS,
})

/** Address of what waits of one key. */
export function parkedPath({ copy, publisher, key }: ParkedKey): string {
  return `/api/operations/parked/${copy}/${publisher}/${key}`
}

export function parkedQuery(of: ParkedKey) {
  return queryOptions({
    queryKey: ['operations', 'parked', of.copy, of.publisher, of.key],
    queryFn: ({ signal }) => read<ParkedRecords>(parkedPath(of), signal),
  })
}
