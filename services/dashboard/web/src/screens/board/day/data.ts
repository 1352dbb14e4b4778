import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { BoardDay } from '~/api/types'
import type { Day } from '~/dates/dates'

export const boardDayQuery = (date: Day) =>
  queryOptions({
    queryKey: ['board-day', date],
    queryFn: ({ signal }) => read<BoardDay>(`/api/board/days/${date}`, signal),
  })
