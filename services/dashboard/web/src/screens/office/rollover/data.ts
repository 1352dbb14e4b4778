import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import { isMoving } from './rules'
import type { Onward, Revert, Rollover, SchoolRollover } from './types'

export const BASE = '/api/registry/v1/rollover'

/** The live stream tells of each school; how far one is, while it moves, is asked for. */
const EVERY_MS = 1000

export const rolloverQuery = (year: string) =>
  queryOptions({
    queryKey: ['rollover', year],
    queryFn: ({ signal }) => read<Rollover>(`${BASE}/${year}`, signal),
    refetchInterval: ({ state }) => (state.data && isMoving(state.data) ? EVERY_MS : false),
  })

export const schoolQuery = (year: string, school: string) =>
  queryOptions({
    queryKey: ['rollover-school', year, school],
    queryFn: ({ signal }) => read<SchoolRollover>(`${BASE}/${year}/schools/${school}`, signal),
  })

export const onwardQuery = (year: string) =>
  queryOptions({
    queryKey: ['rollover-onward', year],
    queryFn: ({ signal }) => read<Onward>(`${BASE}/${year}/onward`, signal),
  })

export const revertQuery = (number: number) =>
  queryOptions({
    queryKey: ['rollover-revert', number],
    queryFn: ({ signal }) => read<Revert>(`${BASE}/runs/${number}/revert`, signal),
    staleTime: 0,
    gcTime: 0,
  })
