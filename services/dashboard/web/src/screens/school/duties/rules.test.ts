import { expect, it } from 'vitest'
import type { Duty, SchoolDuties } from './data'
import { receivers } from './rules'

const person = (id: string) => ({ id, family: id, given: '', family_kana: '', given_kana: '' })
const duty = (id: string, word: string, holds = true) => ({ id: `${id}${word}`, staff: person(id), kind: 'nurse', word, class: null, since: '2026-04-01', until: null, holds }) as Duty
const page = {
  staff: [
    { person: person('me'), duties: [duty('me', '校長')] },
    { person: person('a'), duties: [duty('a', '養護教諭'), duty('a', '事務', false)] },
  ],
} as unknown as SchoolDuties

it('offers staff of the school with what they hold, then whom a search found, each once', () => {
  expect(receivers(page, [person('a'), person('b')], 'other').map(({ person: { id }, note }) => [id, note])).toEqual([
    ['me', '校長'],
    ['a', '養護教諭'],
    ['b', undefined],
  ])
})

it('never offers oneself: the server refuses it', () => {
  expect(receivers(page, [person('me'), person('b')], 'me').map(({ person: { id } }) => id)).toEqual(['a', 'b'])
})
