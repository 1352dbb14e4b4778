import { expect, it } from 'vitest'
import type { Move } from './data'
import { booksText, datesOf, inTurn, readBooks, transferredOn } from './rules'

it('counts 転学日 back from the acceptance, over months and years', () => {
  expect(transferredOn('2026-11-24')).toBe('2026-11-23')
  expect(transferredOn('2027-03-01')).toBe('2027-02-28')
  expect(transferredOn('2027-01-01')).toBe('2026-12-31')
  expect(transferredOn(null)).toBeNull()
})

it('sends a day that was emptied as no day', () => {
  const move = { kind: 'arriving', left_on: '2026-11-20', accepted_on: '2026-11-24', revision: 3 } as Move
  expect(datesOf(move, null, '2026-11-24')).toEqual({ seen: 3, left_on: null, accepted_on: '2026-11-24' })
})

it('shows what waits for somebody first', () => {
  const move = (id: string, turn: string | null, undone_at: string | null = null) => ({ id, turn, undone_at }) as unknown as Move
  const moves = [move('undone', null, '2026-11-20'), move('settled', null), move('waits', 'placed'), move('waits too', 'records_sent')]
  expect(inTurn(moves).map(({ id }) => id)).toEqual(['waits', 'waits too', 'settled', 'undone'])
})

it('reads the books it has written, and names lines that are none', () => {
  const books = [{ subject: '国語', publisher: '38 光村', code: '国語 205', title: 'こくご二上' }]
  expect(readBooks(booksText(books))).toEqual({ books, wrong: [] })
  expect(readBooks('国語\t光村\n\n算数\t\t\t算数 2上\n').wrong).toEqual([1])
})
