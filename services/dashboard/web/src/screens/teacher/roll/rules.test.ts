import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttendanceSymbol, Person, Roll, RollAnswer, RollCommand } from '~/api/types'
import { EMPTY, reduce, type Action, type GridState } from '~/grid/model'
import { KINDS } from '~/outbox/kinds'
import type { Entry } from '~/outbox/rules'
import {
  announced, applyAnswer, columnsOf, confirmCommand, conflicts, decided, draftMarks, draftsOf, heldOf, isTaken, lastCorrected, presentCode, pupilKey, refusedNumbers, rest,
  rowsOf, syncState, totals,
} from './rules'

const symbol = (code: string, key: string, over: Partial<AttendanceSymbol> = {}): AttendanceSymbol => ({
  code, key, glyph: '', word: code, presence: 'present', category: null, late: false, early: false, tint: 'none', ...over,
})

const SYMBOLS = [
  symbol('late', 'C', { late: true, tint: 'late' }),
  symbol('present', '␣'),
  symbol('absent_sick', 'K', { presence: 'absent', category: 'sick', tint: 'absent' }),
  symbol('late_early', 'B', { late: true, early: true, tint: 'late' }),
  symbol('suspended', 'T', { presence: 'absent', category: 'suspension', tint: 'apart' }),
]

const person = (id: string): Person => ({ id, family: '青木', given: id, family_kana: 'あおき', given_kana: '' })

function roll(n: number, over: Partial<Roll> = {}): Roll {
  const cls = { id: 'c', name: '2年1組', grade: 'P2', special_needs: false }
  return {
    class: cls, school: { id: 's', name: '第一小' }, date: '2026-11-20', closed: null, may: { take: true, correct: true },
    symbols: SYMBOLS, reasons: [], columns: [{ id: 'attendance', kind: 'choice', label: '出欠' }],
    members: Array.from({ length: n }, (_, i) => ({
      pupil: person(`p${i + 1}`), number: i + 1, exchange: false, home_class: null,
      cell: { code: null, status: 'unrecorded', revision: 0, contradiction: null, explain: [] },
    })),
    taken: null, month_closed: false, lessons: false, live: [], as_of: '', ...over,
  }
}

function stateOf(source: Roll, entries: readonly Entry[] = [], from: GridState = EMPTY): GridState {
  const shape = { columns: columnsOf(source), rows: rowsOf(source.members, (home) => home), locked: isTaken(source, entries) }
  return reduce(from, { type: 'arrived', shape, held: heldOf(source, entries) })
}

const set = (row: number, value: string | null): Action => ({ type: 'enter', cells: [{ row, col: 0, value }] })
const run = (state: GridState, ...actions: Action[]) => actions.reduce(reduce, state)

function entry(body: RollCommand, over: Partial<Entry> = {}): Entry {
  return { id: 'e1', owner: 'me', kind: 'roll', path: '/r', body, label: '', screen: '/', made: '', state: 'waiting', ...over }
}

const ANSWER: RollAnswer = { saved: [], refused: [], taken: null, after: null }

describe('the confirmation', () => {
  it('sends what was entered and 出席 for the rest, once each, in register order', () => {
    const state = run(stateOf(roll(35)), set(25, 'late'), set(11, 'absent_sick'))
    expect(rest(state)).toHaveLength(33)
    const command = confirmCommand(state, presentCode(SYMBOLS)!, 'now')
    expect(command.taken).toBe(true)
    expect(command.marks.map(({ pupil }) => pupil)).toEqual(Array.from({ length: 35 }, (_, i) => `p${i + 1}`))
    expect(command.marks.filter(({ code }) => code !== 'present').map(({ pupil, code }) => [pupil, code])).toEqual([
      ['p12', 'absent_sick'], ['p26', 'late'],
    ])
  })

  it('leaves 交流 pupils and marks that are saved already alone', () => {
    const source = roll(4)
    const members = source.members.map((member, i) => ({
      ...member, exchange: i === 0, cell: i === 1 ? { ...member.cell, code: 'late', status: 'late', revision: 3 } : member.cell,
    }))
    const command = confirmCommand(stateOf({ ...source, members }), 'present', 'now')
    expect(command.marks.map(({ pupil }) => pupil)).toEqual(['p3', 'p4'])
  })

  it('counts a cell that was emptied among the rest, over the revision it had', () => {
    const source = roll(2)
    const members = source.members.map((member) => ({ ...member, cell: { ...member.cell, code: 'late', status: 'late', revision: 3 } }))
    const state = run(stateOf({ ...source, members }), set(0, null))
    expect(draftMarks(state)).toEqual([{ pupil: 'p1', seen: 3, code: null, reason: null }])
    expect(confirmCommand(state, 'present', 'now').marks).toEqual([{ pupil: 'p1', seen: 3, code: 'present', reason: null }])
  })

  it('gives every own pupil a mark, whatever was entered before', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.option(fc.constantFrom(...SYMBOLS.map(({ code }) => code)), { nil: null }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const source = roll(10)
        const state = run(stateOf(source), ...steps.map(([row, value]) => set(row, value)))
        const command = confirmCommand(state, 'present', 'now')
        const after = applyAnswer(source, { ...ANSWER, saved: command.marks.map((mark) => ({ ...mark, revision: 1, status: '' })) }, command)
        expect(rest(stateOf(after))).toEqual([])
        expect(command.marks.every(({ code }) => code !== null)).toBe(true)
      }),
    )
  })
})

it('counts what is shown', () => {
  const state = run(stateOf(roll(6)), set(0, 'present'), set(1, 'absent_sick'), set(2, 'late_early'), set(3, 'suspended'))
  expect(totals(state, SYMBOLS)).toEqual({ members: 6, present: 2, absent: 1, late: 1, early: 1, apart: 1, unrecorded: 2 })
})

describe('what is on its way', () => {
  const command: RollCommand = { marks: [{ pupil: 'p1', seen: 0, code: 'late', reason: null }], taken: true, claimed_at: null }

  it('is shown as if it had arrived, and locks the roll when it confirms', () => {
    const waiting = [entry(command)]
    const state = stateOf(roll(2), waiting)
    expect(state.held.get(pupilKey('p1'))).toEqual({ value: 'late', revision: 0 })
    expect(state.shape.locked).toBe(true)
    expect(syncState(roll(2), waiting)).toBe('unsent')
    expect(syncState(roll(2), [entry(command, { state: 'parked' })])).toBe('refused')
    expect(isTaken(roll(2), [entry(command, { state: 'parked' })])).toBe(false)
  })

  it('does not lend its mark the revision of what somebody else entered meanwhile', () => {
    const source = roll(2)
    const moved = { ...source, members: source.members.map((member) => ({ ...member, cell: { ...member.cell, code: 'present', revision: 3 } })) }
    const state = run(stateOf(moved, [entry({ ...command, taken: false })]), set(0, 'absent_sick'))
    expect(draftMarks(state)).toEqual([{ pupil: 'p1', seen: 0, code: 'absent_sick', reason: null }])
  })

  it('is no conflict with what was typed over it once it has arrived', () => {
    const typed = run(stateOf(roll(2), [entry({ ...command, taken: false })]), set(0, 'absent_sick'))
    const saved = applyAnswer(roll(2), { ...ANSWER, saved: [{ pupil: 'p1', revision: 1, code: 'late', status: 'late' }] }, command)
    const state = stateOf(saved, [], typed)
    expect(conflicts(saved, state, [])).toEqual([])
    expect(draftMarks(state)).toEqual([{ pupil: 'p1', seen: 1, code: 'absent_sick', reason: null }])
  })

  it('makes the next command stand on the revision it got', () => {
    const later = entry({ ...command, marks: [{ pupil: 'p1', seen: 0, code: 'present', reason: null }, { pupil: 'p2', seen: 4, code: null, reason: null }] })
    const answer = { ...ANSWER, saved: [{ pupil: 'p1', revision: 1, code: 'late', status: 'late' }] }
    expect((KINDS.roll.rebase(later, answer).body as RollCommand).marks.map(({ seen }) => seen)).toEqual([1, 4])
  })

  it('names the cells of a refusal', () => {
    const errors = [{ cell: '12番', message: '' }, { field: 'marks', message: '' }, { cell: '3番 出欠', message: '' }]
    const problem = { type: '', title: '', status: 422, detail: '', errors }
    expect([...refusedNumbers([entry(command, { state: 'parked', problem }), entry(command)])]).toEqual([12, 3])
  })

  it('can be taken back as drafts when it was refused', () => {
    expect([...draftsOf(entry(command))]).toEqual([[pupilKey('p1'), { value: 'late', seen: 0, at: '' }]])
  })
})

describe('a correction that has arrived', () => {
  const reason = { code: 'told_later', text: '' }
  const corrects = (pupil: string): RollCommand => ({ marks: [{ pupil, seen: 1, code: 'late', reason }], taken: false, claimed_at: null })
  const saved = (pupil: string): RollAnswer => ({ ...ANSWER, saved: [{ pupil, revision: 2, code: 'late', status: 'late' }] })
  const fact = (at: string, why: string | null) => ({ source: 'teacher', code: 'late', word: '遅刻', who: '山田', at, holds: true, reason: why })
  const told = (facts: Record<number, ReturnType<typeof fact>>): Roll => {
    const source = roll(3, { taken: { at: '2026-11-20T08:21:00+09:00', by: null, members: 3 } })
    return { ...source, members: source.members.map((member, i) => ({ ...member, cell: { ...member.cell, explain: facts[i] ? [facts[i]] : [] } })) }
  }

  it('is none while it is on its way, refused, or only a mark', () => {
    const source = told({ 0: fact('2026-11-20T08:20:00+09:00', null) })
    expect(lastCorrected(source)).toBeNull()
    expect(syncState(source, [entry(corrects('p1'))])).toBe('unsent')
    expect(lastCorrected(applyAnswer(source, ANSWER, corrects('p1')))).toBeNull()
    expect(lastCorrected(applyAnswer(source, saved('p1'), { ...corrects('p1'), marks: [{ pupil: 'p1', seen: 1, code: 'late', reason: null }] }))).toBeNull()
  })

  it('is told from the answer on, with its time from the next read on', () => {
    const source = told({ 0: fact('2026-11-20T10:46:00+09:00', '入力の誤り') })
    expect(lastCorrected(applyAnswer(source, saved('p2'), corrects('p2')))).toMatchObject({ member: { number: 2 }, at: '' })
    expect(lastCorrected(source)).toMatchObject({ member: { number: 1 }, at: '2026-11-20T10:46:00+09:00', who: '山田' })
  })

  it('is the latest of several, in whatever zone they are written', () => {
    const source = told({ 0: fact('2026-11-20T10:50:00+09:00', 'ほか'), 1: fact('2026-11-20T01:55:00Z', 'ほか'), 2: fact('2026-11-20T10:46:00+09:00', 'ほか') })
    expect(lastCorrected(source)?.member.number).toBe(2)
  })
})

describe('two people, one cell', () => {
  const theirs = { code: 'absent_sick', revision: 2, source: 'office', by: person('山田'), at: '2026-11-20T08:24:00+09:00' }
  const answer: RollAnswer = { ...ANSWER, refused: [{ pupil: 'p1', yours: { code: 'late' }, theirs }, { pupil: 'p2', yours: { code: null }, theirs }] }
  const answered = entry({ marks: [], taken: true, claimed_at: null }, { state: 'answered', answer })

  it('is told by the answer until each cell is decided', () => {
    expect(KINDS.roll.open(answered, answer)).toBe(true)
    const found = conflicts(roll(3), stateOf(roll(3)), [answered])
    expect(found.map(({ pupil, mine, theirs: other, entry: id }) => [pupil, mine, other, id])).toEqual([
      ['p1', 'late', 'absent_sick', 'e1'], ['p2', null, 'absent_sick', 'e1'],
    ])
    const newer = conflicts(roll(3), run(stateOf(roll(3)), { ...set(0, 'suspended'), at: '8:30' } as Action), [answered])
    expect(newer.map(({ mine, mineAt }) => [mine, mineAt])).toEqual([['suspended', '8:30'], [null, '']])
    const one = decided(answered, 'p1')!
    expect(conflicts(roll(3), stateOf(roll(3)), [one]).map(({ pupil }) => pupil)).toEqual(['p2'])
    expect(decided(one, 'p2')).toBeNull()
  })

  it('is everything entered here once somebody else has confirmed the roll', () => {
    const source = roll(2, { taken: { at: '', by: null, members: 2 } })
    const saved = { ...source, members: source.members.map((member) => ({ ...member, cell: { ...member.cell, code: 'present', revision: 1 } })) }
    const before = { ...saved, taken: null }
    const mine = run(stateOf(before), set(0, 'late'))
    expect(conflicts(before, mine, [])).toEqual([])
    expect(conflicts(saved, stateOf(saved, [], mine), [])).toMatchObject([{ pupil: 'p1', mine: 'late', theirs: 'present' }])
    expect(syncState(saved, [])).toBe('taken')
  })

  it('is seen before sending, held back from the command, and gone when both agree', () => {
    const mine = run(stateOf(roll(3)), set(0, 'late'), set(1, 'late'))
    const fact = { source: 'office', code: 'absent_sick', word: '病欠', who: '山田', at: theirs.at, holds: true, reason: null }
    const moved = (code: string): Roll => {
      const source = roll(3)
      return { ...source, members: source.members.map((member, i) => (i ? member : { ...member, cell: { ...member.cell, code, revision: 1, explain: [fact] } })) }
    }
    const state = stateOf(moved('absent_sick'), [], mine)
    expect(conflicts(moved('absent_sick'), state, [])).toMatchObject([{ pupil: 'p1', mine: 'late', theirs: 'absent_sick', who: '山田', entry: null }])
    expect(draftMarks(state).map(({ pupil }) => pupil)).toEqual(['p2'])
    expect(conflicts(moved('late'), stateOf(moved('late'), [], mine), [])).toEqual([])
  })
})

describe('what families have announced', () => {
  const said = (source: string) => [{ source, code: 'absent_sick', word: '病欠', who: '', at: '', holds: true, reason: null }]
  const source = roll(3)
  const members = source.members.map((member, i) =>
    i < 2 ? { ...member, cell: { ...member.cell, code: 'absent_sick', status: 'absent', revision: 4, explain: said(i === 0 ? 'notice' : 'teacher') } } : member,
  )
  const told = { ...source, members }

  it('is said by whoever confirms, over the revision that was seen', () => {
    expect(announced(told)).toEqual(['p1'])
    expect(confirmCommand(stateOf(told), 'present', 'now', announced(told)).marks).toEqual([
      { pupil: 'p1', seen: 4, code: 'absent_sick', reason: null },
      { pupil: 'p3', seen: 0, code: 'present', reason: null },
    ])
  })

  it('gives way to what was entered here', () => {
    const state = run(stateOf(told), set(0, 'late'))
    expect(confirmCommand(state, 'present', 'now', announced(told)).marks.filter(({ pupil }) => pupil === 'p1')).toEqual([
      { pupil: 'p1', seen: 4, code: 'late', reason: null },
    ])
  })

  it('is not said where it came after the grid was drawn', () => {
    const state = stateOf(source)
    expect(confirmCommand(state, 'present', 'now', announced(told)).marks[0]).toEqual({ pupil: 'p1', seen: 0, code: 'present', reason: null })
  })
})
