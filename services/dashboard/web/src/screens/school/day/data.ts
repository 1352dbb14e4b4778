import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { SchoolDay } from '~/api/types'
import type { Day } from '~/dates/dates'

export const schoolDayQuery = (school: string, date: Day) =>
  queryOptions({
    queryKey: ['school-day', school, date],
    queryFn: ({ signal }) => read<SchoolDay>(`/api/schools/${school}/days/${date}`, signal),
  })
