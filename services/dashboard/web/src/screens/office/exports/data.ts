import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Exports } from './types'

export const BASE = '/api/registry/v1/exports'

/** Nothing of an export is on the live stream: while one is written it is asked for. */
const EVERY_MS = 1000

export const exportsQuery = queryOptions({
  queryKey: ['exports'],
  queryFn: ({ signal }) => read<Exports>(BASE, signal),
  refetchInterval: ({ state }) => (state.data?.exports.some(({ state: of }) => of === 'writing') ? EVERY_MS : false),
})
