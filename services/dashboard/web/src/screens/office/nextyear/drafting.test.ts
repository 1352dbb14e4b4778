import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Candidate, Plan } from './data'
import { changed, merged, present, rebased, settled, undone, type Base } from './drafting'
import { seated } from './rules'

const room = (id: string, name = `3年${id}組`) => ({ id, name, grade: 'P3' })
const empty: Plan = { classes: [room('1'), room('2')], seats: {}, apart: [], together: [], stay: [] }
const base: Base = { revision: 4, plan: empty }
const at = (plan: Plan) => Object.fromEntries(Object.entries(plan.seats).map(([id, seat]) => [id, seat.class_id]))

it('takes steps back one by one until nothing is left to save', () => {
  const one = changed(null, base, seated(empty, ['a'], '1'))
  const two = changed(one, base, seated(one.plan, ['b'], '2'))
  expect(at(two.plan)).toEqual({ a: '1', b: '2' })
  expect(undone(two)).toEqual(one)
  expect(undone(one)).toBeNull()
})

it('keeps what was changed while a save was under way, and the way back to what was saved', () => {
  const one = changed(null, base, seated(empty, ['a'], '1'))
  const saved = { revision: 5, plan: one.plan }
  expect(settled(one, one.plan, saved)).toBeNull()
  const during = changed(changed(one, base, seated(one.plan, ['b'], '2')), base, seated(one.plan, ['b', 'c'], '2'))
  const left = settled(during, one.plan, saved)!
  expect([left.base, at(left.plan), left.past.length]).toEqual([saved, { a: '1', b: '2', c: '2' }, 2])
  expect(at(undone(undone(left)!)?.plan ?? saved.plan)).toEqual({ a: '1' })
})

it('makes the same changes upon what somebody else has saved meanwhile', () => {
  const before: Plan = { ...seated(empty, ['a', 'b', 'c'], '1'), apart: [['a', 'b']], together: [['b', 'c']] }
  const theirs: Plan = { ...seated({ ...before, classes: [...before.classes, room('x', '3年3組')] }, ['a'], 'x'), apart: [], together: [['b', 'c'], ['a', 'd']] }
  const mine: Plan = { ...seated(seated({ ...before, classes: [...before.classes, room('y', '3年3組')] }, ['b'], 'y'), ['c'], null), apart: [['a', 'b'], ['c', 'd']], together: [] }
  const both = rebased({ base: { revision: 4, plan: before }, plan: mine, past: [before] }, { revision: 5, plan: theirs })
  expect([both.base.revision, both.past]).toEqual([5, [theirs]])
  expect(both.plan.classes.map(({ id }) => id), 'one class of a name').toEqual(['1', '2', 'x'])
  expect(at(both.plan)).toEqual({ a: 'x', b: 'x' })
  expect(both.plan.apart).toEqual([['c', 'd']])
  expect(both.plan.together).toEqual([['a', 'd']])
})

it('gives a number that both have given to theirs, and seats nobody in a class that is gone', () => {
  const numbered = (id: string, pupil: string) => ({ ...empty, seats: { [pupil]: { class_id: id, number: 1 } } })
  const both = merged(empty, numbered('1', 'a'), numbered('1', 'b'))
  expect(both.seats).toEqual({ a: { class_id: '1', number: null }, b: { class_id: '1', number: 1 } })
  expect(merged(empty, numbered('1', 'a'), { ...empty, classes: [room('2')] }).seats).toEqual({})
})

const pupils = ['a', 'b', 'c', 'd', 'e']
const plans = fc
  .record({ seats: fc.dictionary(fc.constantFrom(...pupils), fc.constantFrom('1', '2')), apart: fc.uniqueArray(fc.constantFrom(['a', 'b'], ['c', 'd'], ['c', 'e'])), rooms: fc.uniqueArray(fc.constantFrom('3', '4')) })
  .map(({ seats, apart, rooms }): Plan => ({ ...empty, classes: [...empty.classes, ...rooms.map((id) => room(id))], seats: Object.fromEntries(Object.entries(seats).map(([id, class_id]) => [id, { class_id, number: null }])), apart }))
const plain = (plan: Plan) => ({ at: at(plan), rooms: plan.classes.map(({ id }) => id).toSorted(), apart: plan.apart.map((wish) => wish.join('')).toSorted() })

it('loses nothing of either side where only one of them has changed', () => {
  fc.assert(
    fc.property(plans, plans, (before, after) => {
      expect(plain(merged(before, after, before))).toEqual(plain(after))
      expect(plain(merged(before, before, after))).toEqual(plain(after))
      expect(plain(merged(before, after, after))).toEqual(plain(after))
    }),
  )
})

it('leaves out who is at the school no more', () => {
  const plan = { ...seated(empty, ['a', 'b'], '1'), apart: [['a', 'b'], ['a', 'c']] }
  const here = ['a', 'c'].map((id) => ({ pupil: { id } }) as unknown as Candidate)
  expect(present(plan, here)).toMatchObject({ seats: { a: { class_id: '1' } }, apart: [['a', 'c']] })
  expect(at(present(plan, here))).toEqual({ a: '1' })
})
