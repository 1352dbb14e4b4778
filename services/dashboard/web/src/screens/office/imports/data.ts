import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import { isMoving, isRunMoving } from './rules'
import type { Imports, Revert, Rows, Run, Upload } from './types'

export const BASE = '/api/registry/v1/imports'

/** Nothing of an import is on the live stream, which names no such view: while one moves it is asked for. */
const EVERY_MS = 1000

export const importsQuery = infiniteQueryOptions({
  queryKey: ['imports'],
  queryFn: ({ signal, pageParam }) => read<Imports>(`${BASE}${pageParam === null ? '' : `?before=${pageParam}`}`, signal),
  initialPageParam: null as number | null,
  getNextPageParam: ({ next }) => next,
  refetchInterval: ({ state }) =>
    state.data?.pages[0]?.runs.some(isRunMoving) || state.data?.pages[0]?.uploads.some(isMoving) ? EVERY_MS : false,
})

export const uploadQuery = (id: string) =>
  queryOptions({
    queryKey: ['import-upload', id],
    queryFn: ({ signal }) => read<Upload>(`${BASE}/uploads/${id}`, signal),
    refetchInterval: ({ state }) => (state.data && isMoving(state.data) ? EVERY_MS : false),
  })

export const runQuery = (number: string) =>
  queryOptions({
    queryKey: ['import-run', number],
    queryFn: ({ signal }) => read<Run>(`${BASE}/runs/${number}`, signal),
    refetchInterval: ({ state }) => (state.data && isRunMoving(state.data) ? EVERY_MS : false),
  })

export const revertQuery = (number: number) =>
  queryOptions({
    queryKey: ['import-revert', number],
    queryFn: ({ signal }) => read<Revert>(`${BASE}/runs/${number}/revert`, signal),
    staleTime: 0,
    gcTime: 0,
  })

/** Problems, notes or changes of an upload as it stood when `preview` was shown, a page at a time. */
export const rowsQuery = (id: string, preview: string | null, list: 'problems' | 'changes', question: string) =>
  infiniteQueryOptions({
    queryKey: ['import-rows', id, preview, list, question],
    queryFn: ({ signal, pageParam }) =>
      read<Rows>(`${BASE}/uploads/${id}/${list}?${question}${pageParam === null ? '' : `&after=${encodeURIComponent(pageParam)}`}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    staleTime: Infinity,
  })
