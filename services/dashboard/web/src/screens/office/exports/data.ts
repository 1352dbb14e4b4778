import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Exports } from './types'

export const BASE = '/api/registry/v1/exports'

/** The live stream tells of its steps; how far one is, while it is written, is asked for. */
const EVERY_MS = 1000

export const exportsQuery = queryOptions({
  queryKey: ['exports'],
  queryFn: ({ signal }) => read<Exports>(BASE, signal),
  refetchInterval: ({ state }) => (state.data?.exports.some(({ state: of }) => of === 'writing') ? EVERY_MS : false),
})
