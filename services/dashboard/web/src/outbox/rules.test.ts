import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counts, FAILURES, next, refusalOf, settle, shown, type Entry, type KindRules, type Outcome } from './rules'

const RULES: KindRules = {
  open: (_, answer) => (answer as { refused: unknown[] }).refused.length > 0,
  rebase: (later, answer) => ({ ...later, body: { seen: (answer as { revision: number }).revision } }),
}

function entry(id: string, over: Partial<Entry> = {}): Entry {
  return {
    id, owner: 'me', kind: 'roll', path: '/a', body: { seen: 0 }, label: id, screen: '/', made: '2026-11-20T08:00:00Z',
    state: 'waiting', ...over,
  }
}

const PROBLEM = { type: 'about:blank', title: 't', status: 422, detail: '', errors: [] }
const DONE: Outcome = { kind: 'done', answer: { refused: [], revision: 9 } }

it('shows what this version does not know as stuck, leaves it unsent, and never rewrites it', () => {
  const strange = entry('1', { kind: 'of tomorrow' })
  const queue = [strange, entry('2')]
  const seen = shown(queue, new Map([['roll', RULES]]))
  expect(next(seen, 'me')?.id).toBe('2')
  expect(counts(seen, 'me')).toEqual({ unsent: 1, stuck: 1 })
  expect(settle([entry('2'), strange], '2', DONE, RULES)).toEqual([strange])
})

describe('an answer', () => {
  it('takes the command out, and lets later ones of the same path stand on it', () => {
    const queue = [entry('1'), entry('2'), entry('3', { path: '/b' })]
    const after = settle(queue, '1', DONE, RULES)
    expect(after).toEqual([entry('2', { body: { seen: 9 } }), entry('3', { path: '/b' })])
  })

  it('stays for a person while cells were refused', () => {
    const answer = { refused: [{}], revision: 9 }
    expect(settle([entry('1')], '1', { kind: 'done', answer }, RULES)).toEqual([entry('1', { state: 'answered', answer })])
  })

  it('parks a refusal and goes on with the next', () => {
    const after = settle([entry('1'), entry('2')], '1', { kind: 'refused', problem: PROBLEM }, RULES)
    expect(after[0]).toEqual(entry('1', { state: 'parked', problem: PROBLEM }))
    expect(next(after, 'me')?.id).toBe('2')
  })

  it('changes nothing while it must wait', () => {
    const queue = [entry('1'), entry('2')]
    expect(settle(queue, '1', { kind: 'wait', all: false }, RULES)).toBe(queue)
  })
})

it('waits for troubles that pass, counts failures of the service, and shows the others', () => {
  const kinds = (...statuses: number[]) => new Set(statuses.map((status) => refusalOf({ ...PROBLEM, status }).kind))
  expect(kinds(408, 425, 429, 502, 503, 504)).toEqual(new Set(['wait']))
  expect(kinds(500, 501, 505)).toEqual(new Set(['failed']))
  expect(kinds(400, 401, 403, 404, 409, 413, 422)).toEqual(new Set(['refused']))
})

it('is for a person to see after some failures, and not before', () => {
  let queue: readonly Entry[] = [entry('1')]
  for (let n = 1; n < FAILURES; n++) {
    queue = settle(queue, '1', { kind: 'failed', problem: PROBLEM }, RULES)
    expect(queue).toEqual([entry('1', { failures: n })])
  }
  expect(settle(queue, '1', { kind: 'failed', problem: PROBLEM }, RULES)).toMatchObject([{ state: 'parked', problem: PROBLEM }])
})

it('sends nothing past one that waits to the same path, and everything to the others', () => {
  const queue = [entry('1'), entry('2', { path: '/b' }), entry('3'), entry('4', { path: '/c' })]
  expect(next(queue, 'me', new Set(['/a']))?.id).toBe('2')
  expect(next(queue, 'me', new Set(['/a', '/b']))?.id).toBe('4')
  expect(next(queue, 'me', new Set(['/a', '/b', '/c']))).toBeUndefined()
})

it("never sends another person's command, and counts only the own ones", () => {
  const queue = [entry('1', { owner: 'you' }), entry('2', { state: 'parked' }), entry('3')]
  expect(next(queue, 'me')?.id).toBe('3')
  expect(next(queue, 'nobody')).toBeUndefined()
  expect(counts(queue, 'me')).toEqual({ unsent: 1, stuck: 1 })
})

it('loses nothing and keeps the order, whatever the answers', () => {
  const outcome = fc.constantFrom<Outcome>(DONE, { kind: 'wait', all: false }, { kind: 'refused', problem: PROBLEM }, { kind: 'failed', problem: PROBLEM })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8 }), fc.array(outcome, { maxLength: 30 }), (n, outcomes) => {
      let queue: readonly Entry[] = Array.from({ length: n }, (_, i) => entry(String(i)))
      const done: string[] = []
      for (const one of outcomes) {
        const now = next(queue, 'me')
        if (!now) break
        if (one.kind === 'done') done.push(now.id)
        queue = settle(queue, now.id, one, RULES)
      }
      expect([...done, ...queue.map(({ id }) => id)].toSorted()).toEqual(Array.from({ length: n }, (_, i) => String(i)))
      expect(queue.map(({ id }) => id)).toEqual(queue.map(({ id }) => id).toSorted())
    }),
  )
})
