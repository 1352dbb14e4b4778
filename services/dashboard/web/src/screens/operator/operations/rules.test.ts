import { expect, it } from 'vitest'
import type { FeedState, Operations } from '~/api/types'
import { isHealthy, isSentence, reasonOf, troubles, worstFirst } from './rules'

const feed = (copy: string, lag_seconds: number): FeedState => ({
  service: 'dashboard', copy, publisher: 'registry', position: 10, head: 10, lag_records: 0, lag_seconds, stopped_because: null,
})
const state = (over: Partial<Operations> = {}): Operations => ({
  services: [{ name: 'registry', ready: true, version: '0.1', memory_mib: 80 }], feeds: [feed('a', 0)], parked: [], ...over,
})

it('is healthy when everything is ready, near and nothing is parked', () => {
  expect(isHealthy(state())).toBe(true)
  expect(isHealthy(state({ feeds: [feed('a', 0), feed('b', 1.2)] }))).toBe(false)
  expect(isHealthy(state({ services: [{ name: 'registry', ready: false, version: '0.1', memory_mib: 0 }] }))).toBe(false)
})

it('counts all events that wait, those of other services too', () => {
  const own = { service: 'dashboard', copy: 'a', publisher: 'registry', key: 'k', keys: 1, count: 3, reason: 'r', parked_at: '2026-11-20T08:00:00+09:00' }
  const others = { ...own, service: 'identity', key: null, keys: 2, count: 5, reason: null, parked_at: null }
  expect(isHealthy(state({ parked: [others] }))).toBe(false)
  expect(troubles(state({ parked: [own, others] })).parked).toBe(8)
})

it('shows what is behind first and keeps the order otherwise', () => {
  const feeds = [feed('a', 0), feed('b', 0.5), feed('c', 7), feed('d', 1.5)]
  expect(worstFirst(feeds).map(({ copy }) => copy)).toEqual(['c', 'd', 'a', 'b'])
  expect(troubles(state({ feeds })).behind.map(({ copy }) => copy)).toEqual(['c', 'd'])
})

it('takes apart why a record waits', () => {
  expect(reasonOf(null)).toEqual({ kind: 'none' })
  expect(reasonOf('an earlier record of this key waits')).toEqual({ kind: 'behind' })
  expect(reasonOf('version 12 of 0b0e0000-0000-4000-8000-000000000000 is missing')).toEqual({ kind: 'hole', version: 12 })
  expect(reasonOf('does not fold: ValueError')).toEqual({ kind: 'fold', told: 'ValueError' })
  expect(reasonOf('cannot be handled: DBAPIError 23505')).toEqual({ kind: 'fold', told: 'DBAPIError 23505' })
  expect(reasonOf('unknown type registry.x.y')).toEqual({ kind: 'unknown', told: 'unknown type registry.x.y' })
})

it('tells a copy that stands once, however late it is', () => {
  const stood: FeedState = { ...feed('b', 70), stopped_because: 'このログは復元されています。' }
  expect(isHealthy(state({ feeds: [{ ...stood, lag_seconds: 0 }] }))).toBe(false)
  const found = troubles(state({ feeds: [feed('a', 2), stood] }))
  expect(found.stopped).toEqual([stood])
  expect(found.behind.map(({ copy }) => copy)).toEqual(['a'])
})

it('tells sentences from names of errors', () => {
  expect(isSentence('このログは復元されています。')).toBe(true)
  expect(isSentence('ConnectionRefusedError')).toBe(false)
})
