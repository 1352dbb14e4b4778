import { expect, test } from 'vitest'
import { actsOf, byChild, meant, stateOf } from './rules'
import type { Act, Alert } from './data'

const person = (id: string) => ({ id, family: '紬', given: id, family_kana: 'つむぎ', given_kana: id })
const act = (what: Act['act'], at: string): Act => ({ act: what, done: null, days: 3, by: person('head'), at: `2026-11-20T${at}+09:00` })
const alert = (child: string, rule: string, state: Alert['state'], acts: readonly Act[] = []) =>
  ({ pupil: person(child), rule, state, acts, days: ['2026-11-20'], first: '2026-11-20' }) as unknown as Alert

const [a, b, c] = [alert('a', 'row', 'seen', [act('seen', '08:19:01')]), alert('b', 'row', 'closed'), alert('a', 'year', 'open', [act('seen', '08:19:02'), act('reopened', '08:25:00')])]

test('a child is one, whatever number of rules it meets', () => {
  expect(byChild([a, b, c])).toEqual([[a, c], [b]])
})

test('a child stands where somebody is needed most', () => {
  expect([[a, c], [a], [b], [b, a]].map(stateOf)).toEqual(['open', 'seen', 'closed', 'seen'])
})

test('what is said of a child is said of those that it can be said of', () => {
  expect(meant([a, b, c], 'seen')).toEqual([c])
  expect(meant([a, b, c], 'closed')).toEqual([a, c])
  expect(meant([a, b, c], 'reopened')).toEqual([b])
})

test('what was said of several at once is told once', () => {
  expect(actsOf([a, c], '2026-11-20').map(({ act: what }) => what)).toEqual(['seen', 'reopened'])
})
