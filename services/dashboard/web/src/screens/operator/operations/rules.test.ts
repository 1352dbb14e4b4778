import { expect, it } from 'vitest'
import type { FeedState, Operations } from '~/api/types'
import { isHealthy, troubles, worstFirst } from './rules'

const feed = (copy: string, lag_seconds: number): FeedState => ({
  service: 'dashboard', copy, publisher: 'registry', position: 10, head: 10, lag_records: 0, lag_seconds,
})
const state = (over: Partial<Operations> = {}): Operations => ({
  services: [{ name: 'registry', ready: true, version: '0.1', memory_mib: 80 }], feeds: [feed('a', 0)], parked: [], ...over,
})

it('is healthy when everything is ready, near and nothing is parked', () => {
  expect(isHealthy(state())).toBe(true)
  expect(isHealthy(state({ feeds: [feed('a', 0), feed('b', 1.2)] }))).toBe(false)
  expect(isHealthy(state({ services: [{ name: 'registry', ready: false, version: '0.1', memory_mib: 0 }] }))).toBe(false)
})

it('shows what is behind first and keeps the order otherwise', () => {
  const feeds = [feed('a', 0), feed('b', 0.5), feed('c', 7), feed('d', 1.5)]
  expect(worstFirst(feeds).map(({ copy }) => copy)).toEqual(['c', 'd', 'a', 'b'])
  expect(troubles(state({ feeds })).behind.map(({ copy }) => copy)).toEqual(['c', 'd'])
})
