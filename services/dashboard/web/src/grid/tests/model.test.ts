import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellKey, isStale, reduce, seenBy, valueAt, type Action, type GridState, type Held } from '../model'
import { CHOICES, rows, sample } from './sample'

const set = (row: number, value: string | null): Action => ({ type: 'enter', cells: [{ row, col: 0, value }] })
const run = (state: GridState, ...actions: Action[]) => actions.reduce(reduce, state)
const held = (state: GridState, over: Record<string, Held>) => new Map([...state.held, ...Object.entries(over)]) as GridState['held']

const value = fc.option(fc.constantFrom(...CHOICES.map(({ code }) => code)), { nil: null })
const cell = fc.record({ row: fc.integer({ min: -1, max: 13 }), col: fc.constant(0), value })
const step = fc.oneof(
  fc.record({ type: fc.constant('enter' as const), cells: fc.array(cell, { maxLength: 4 }) }),
  fc.record({ type: fc.constant('go' as const), row: fc.integer({ min: -5, max: 50 }), col: fc.integer({ min: -5, max: 9 }) }),
  fc.constant<Action>({ type: 'undo' }),
  fc.constant<Action>({ type: 'redo' }),
  fc.record({ type: fc.constant('edit' as const), text: fc.string(), caret: fc.boolean() }),
)

describe('entering', () => {
  it('keeps what was entered apart from what the server holds', () => {
    const state = run(sample(), set(2, 'late'))
    expect(valueAt(state, 'p3', 'attendance')).toBe('late')
    expect(state.held.get(cellKey('p3', 'attendance'))?.value).toBeNull()
    expect(state.drafts.get(cellKey('p3', 'attendance'))).toEqual({ value: 'late', seen: 0, over: null, at: '' })
  })

  it('is no draft any more when it is what the server holds', () => {
    const state = run(sample({ held: { 'p1|attendance': 'late' } }), set(0, null), set(0, 'late'))
    expect(state.drafts.size).toBe(0)
    expect(state.past).toHaveLength(2)
  })

  it('never changes 交流 pupils or a locked grid', () => {
    const some = rows().map((row, i) => ({ ...row, editable: i !== 0 }))
    expect(run(sample({ rows: some }), set(0, 'late')).drafts.size).toBe(0)
    const locked = run(sample({ locked: true }), set(1, 'late'))
    expect(locked.drafts.size).toBe(0)
    expect(locked.said).toEqual({ kind: 'locked' })
  })

  it('takes a whole confirmation as one step', () => {
    const all = rows().map((_, row) => ({ row, col: 0, value: 'present' }))
    const state = run(sample(), set(3, 'late'), { type: 'enter', cells: all })
    expect(state.past).toHaveLength(2)
    const back = run(state, { type: 'undo' })
    expect([...back.drafts.keys()]).toEqual([cellKey('p4', 'attendance')])
    expect(back.said).toEqual({ kind: 'undone', n: 12 })
    expect(run(back, { type: 'redo' }).drafts).toEqual(state.drafts)
  })
})

describe('news from the server', () => {
  it('moves neither the cursor nor the open editor, and keeps what was entered', () => {
    const before = run(sample(), set(1, 'late'), { type: 'go', row: 4, col: 1 }, { type: 'edit', text: '36', caret: true })
    const without = before.shape.rows.filter(({ id }) => id !== 'p1')
    const after = run(before, { type: 'arrived', shape: { ...before.shape, rows: without }, held: before.held })
    expect(after.shape.rows[after.cursor.row]?.id).toBe('p5')
    expect(after.editor).toEqual({ text: '36', caret: true })
    expect(valueAt(after, 'p2', 'attendance')).toBe('late')
  })

  it('shows a cell that somebody else changed meanwhile as stale, until both say the same', () => {
    const key = cellKey('p2', 'attendance')
    const mine = run(sample(), set(1, 'late'))
    const theirs = run(mine, { type: 'arrived', shape: mine.shape, held: held(mine, { [key]: { value: 'absent_sick', revision: 1 } }) })
    expect(isStale(theirs, key)).toBe(true)
    expect(valueAt(theirs, 'p2', 'attendance')).toBe('late')
    const same = run(theirs, { type: 'arrived', shape: mine.shape, held: held(mine, { [key]: { value: 'late', revision: 2 } }) })
    expect(isStale(same, key)).toBe(false)
    expect(same.drafts.size).toBe(0)
  })

  it('brings kept entries back under what was typed since', () => {
    const kept = new Map([
      [cellKey('p2', 'attendance'), { value: 'absent_sick', seen: 0, at: '' }],
      [cellKey('p3', 'attendance'), { value: 'late', seen: 0, at: '' }],
      [cellKey('gone', 'attendance'), { value: 'late', seen: 0, at: '' }],
    ])
    const state = run(sample(), set(1, 'late'), { type: 'restore', drafts: kept })
    expect([...state.drafts].map(([key, { value }]) => [key, value])).toEqual([['p2|attendance', 'late'], ['p3|attendance', 'late']])
  })

  it('is no surprise where it says what stood under the entry', () => {
    const key = cellKey('p2', 'attendance')
    const mine = run(sample({ held: { [key]: 'late' } }), set(1, 'absent_sick'))
    const again = run(mine, { type: 'arrived', shape: mine.shape, held: held(mine, { [key]: { value: 'late', revision: 5 } }) })
    expect(isStale(again, key)).toBe(false)
    expect(seenBy(again, key, again.drafts.get(key)!)).toBe(5)
    const other = run(mine, { type: 'arrived', shape: mine.shape, held: held(mine, { [key]: { value: 'present', revision: 5 } }) })
    expect(isStale(other, key)).toBe(true)
    expect(seenBy(other, key, other.drafts.get(key)!)).toBe(1)
  })

  it('takes drafts away that are given up', () => {
    const state = run(sample(), set(1, 'late'), set(2, 'late'), { type: 'release', cells: [cellKey('p2', 'attendance')] })
    expect([...state.drafts.keys()]).toEqual([cellKey('p3', 'attendance')])
    expect(state.past).toHaveLength(0)
  })
})

describe('what another tab entered', () => {
  const cell = cellKey('p2', 'attendance')
  const draft = { value: 'late', seen: 0, over: null, at: '' }

  it('stands here too, and goes with it', () => {
    const state = run(sample(), set(2, 'late'), { type: 'told', cell, draft })
    expect([...state.drafts.keys()].toSorted()).toEqual([cell, cellKey('p3', 'attendance')])
    expect(run(state, { type: 'told', cell, draft: null }).drafts.has(cell)).toBe(false)
  })

  it('is not undone by the steps of this one', () => {
    const all = { type: 'enter', cells: [{ row: 1, col: 0, value: 'present' }, { row: 2, col: 0, value: 'present' }] } as const
    const state = run(sample(), set(1, 'absent_sick'), all, { type: 'told', cell, draft }, { type: 'undo' })
    expect([...state.drafts]).toEqual([[cell, draft]])
    expect(state.past).toHaveLength(0)
  })
})

describe('what is handed over', () => {
  const cell = cellKey('p2', 'attendance')
  const stored = (state: GridState): Action => {
    const news = [...state.drafts].map(([key, { value, seen }]) => [key, { value, revision: seen }] as const)
    return { type: 'arrived', shape: state.shape, held: held(state, Object.fromEntries(news)) }
  }

  it('is shown until it is stored, and what is typed over it meanwhile stays with its own steps back', () => {
    const now = run(sample(), set(1, 'late'))
    const { drafts } = now
    const typed = run(now, { type: 'leave', drafts }, set(1, 'absent_sick'))
    expect(valueAt(run(now, { type: 'leave', drafts }), 'p2', 'attendance')).toBe('late')
    const after = run(typed, stored(now), { type: 'left', drafts })
    expect(valueAt(after, 'p2', 'attendance')).toBe('absent_sick')
    expect(valueAt(run(after, { type: 'undo' }), 'p2', 'attendance')).toBe('late')
    expect(run(after, { type: 'undo' }, { type: 'undo' }).drafts.size).toBe(0)
    const answered = run(after, { type: 'arrived', shape: now.shape, held: held(now, { [cell]: { value: 'late', revision: 1 } }) })
    expect(isStale(answered, cell)).toBe(false) // the own answer is nobody else's change
  })

  it('can be handed over twice before either is stored', () => {
    const first = run(sample(), set(1, 'late'))
    const second = run(first, { type: 'leave', drafts: first.drafts }, set(1, 'absent_sick'))
    const both = run(second, { type: 'leave', drafts: second.drafts }, { type: 'left', drafts: first.drafts })
    expect(valueAt(both, 'p2', 'attendance')).toBe('absent_sick')
    expect(run(both, { type: 'left', drafts: second.drafts }).leaving.size).toBe(0)
  })

  it('may be stored early or late: what is entered meanwhile comes to the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.array(step, { maxLength: 20 }), (before, meanwhile) => {
        const now = run(sample({ held: { 'p2|attendance': 'late' } }), ...before)
        const { drafts } = now
        const late = run(now, { type: 'leave', drafts }, ...meanwhile, stored(now), { type: 'left', drafts })
        const early = run(now, { type: 'leave', drafts }, stored(now), { type: 'left', drafts }, ...meanwhile)
        const values = (state: GridState) => rows().map(({ id }) => valueAt(state, id, 'attendance'))
        expect(values(late)).toEqual(values(early))
        expect(late.leaving.size).toBe(0)
      }),
    )
  })
})

describe('any sequence of acts', () => {
  it('keeps the cursor in the grid and leaves read-only rows and the held values alone', () => {
    const some = rows().map((row, i) => ({ ...row, editable: i % 3 !== 0 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (actions) => {
        const start = sample({ rows: some })
        const end = run(start, ...actions)
        expect(end.held).toBe(start.held)
        expect(end.cursor.row).toBeGreaterThanOrEqual(0)
        expect(end.cursor.row).toBeLessThan(12)
        for (const row of some.filter(({ editable }) => !editable)) expect(end.drafts.has(cellKey(row.id, 'attendance'))).toBe(false)
      }),
    )
  })

  it('undo of do is nothing, redo of undo is do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(cell, { minLength: 1, maxLength: 12 }), (actions, cells) => {
        const before = run(sample(), ...actions)
        const done = run(before, { type: 'enter', cells })
        if (done.past.length === before.past.length) return // nothing changed
        const undone = run(done, { type: 'undo' })
        expect(undone.drafts).toEqual(before.drafts)
        expect(run(undone, { type: 'redo' }).drafts).toEqual(done.drafts)
      }),
    )
  })

  it('undone to the beginning, nothing was ever entered', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (actions) => {
        let state = run(sample({ held: { 'p2|attendance': 'late' } }), ...actions)
        while (state.past.length) state = run(state, { type: 'undo' })
        expect(state.drafts.size).toBe(0)
      }),
    )
  })
})
