import { expect, it } from 'vitest'
import type { Candidate, Plan } from './data'
import { broken, limitOf, nextName, numbered, roomsOf, seated } from './rules'

const room = (id: string, grade: string | null = 'P3') => ({ id, name: `3年${id}組`, grade })
const plan: Plan = { classes: [room('1'), room('2'), { ...room('9', null), special_needs: true }], seats: {}, apart: [], together: [], stay: [] }
const child = (id: string) => ({ pupil: { id }, grade: 'P3' }) as unknown as Candidate

it('seats, moves and unseats, and a moved child has no number until it is given', () => {
  const first = seated(plan, ['a', 'b'], '1')
  expect(first.seats).toEqual({ a: { class_id: '1', number: null }, b: { class_id: '1', number: null } })
  const numbers = numbered(first, [child('b'), child('a')], plan.classes)
  expect(numbers.seats).toEqual({ b: { class_id: '1', number: 1 }, a: { class_id: '1', number: 2 } })
  expect(seated(numbers, ['a'], '2').seats['a']).toEqual({ class_id: '2', number: null })
  expect(seated(numbers, ['a', 'b'], null).seats).toEqual({})
})

it('numbers a class that grades share over all of them, in the order of kana', () => {
  const of = (id: string, grade: string, family_kana: string) => ({ pupil: { id, family_kana, given_kana: 'イチロウ' }, grade }) as unknown as Candidate
  const everybody = [of('a', 'P3', 'アオキ'), of('e', 'P3', ''), of('c', 'P3', 'サトウ'), of('b', 'P4', 'イノウエ'), of('d', 'P4', 'ハバ')]
  const shared = seated({ ...plan, classes: [...plan.classes, room('4', 'P4')] }, ['a', 'b', 'c', 'd', 'e'], '9')
  const third = numbered(shared, everybody, roomsOf(shared, 'P3'))
  const number = (of: Plan) => Object.fromEntries(Object.entries(of.seats).map(([id, seat]) => [id, seat.number]))
  expect(number(third)).toEqual({ a: 1, b: 2, c: 3, d: 4, e: 5 })
  expect(number(numbered(third, everybody, roomsOf(third, 'P4')))).toEqual(number(third))
})

it('tells which wishes are not kept', () => {
  const wished = { ...plan, apart: [['a', 'b', 'c']], together: [['d', 'e']] }
  const seats = seated(seated(seated(wished, ['a', 'b'], '1'), ['c', 'd'], '2'), ['e'], '1')
  expect(broken(seats)).toEqual([
    { kind: 'apart', pupils: ['a', 'b'] },
    { kind: 'together', pupils: ['d', 'e'] },
  ])
  expect(broken(wished)).toEqual([])
  expect(broken(seated(seated(wished, ['a'], '1'), ['b'], '2'))).toEqual([])
})

it('knows the limits of the law, the classes of a grade and the next name', () => {
  expect(plan.classes.map(limitOf)).toEqual([35, 35, 8])
  expect(limitOf(room('1', 'J1'))).toBe(40)
  expect(roomsOf(plan, 'P3').map(({ id }) => id)).toEqual(['1', '2', '9'])
  expect(roomsOf(plan, 'P4').map(({ id }) => id)).toEqual(['9'])
  expect(nextName(plan, (place) => `3年${place}組`)).toBe('3年3組')
})
