import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Roll } from '~/api/types'
import type { Day } from '~/dates/dates'

export const rollQuery = (classId: string, date: Day) =>
  queryOptions({
    queryKey: ['roll', classId, date],
    queryFn: ({ signal }) => read<Roll>(`/api/classes/${classId}/days/${date}/roll`, signal),
  })

/** The screen of one roll. */
export function addressOf(classId: string, date: Day): string {
  return `/classes/${classId}/days/${date}/roll`
}

/** Where the roll is saved: registry owns it. */
export function rollPath(classId: string, date: Day): string {
  return `/api/registry/v1/classes/${classId}/days/${date}/roll`
}
