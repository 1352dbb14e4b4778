import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdImeEnter, isEnter, isImeKey, letterOf } from '../ime'
import { DIGITS_MS, press, type Digits, type Press } from '../keys'
import { reduce, valueAt, type GridState } from '../model'
import { commit } from '../parse'
import { CHOICES, COLUMNS, rows, sample } from './sample'

function key(name: string, over: Partial<Press> = {}): Press {
  return { key: name, code: '', keyCode: 0, isComposing: false, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...over }
}

const ROLL = sample({ columns: COLUMNS.slice(0, 1), rows: rows(35) })

/** Presses in order, 100 ms apart, as the grid does them. */
function type(start: GridState, presses: readonly (string | Press)[], half: number | null = null) {
  let state = start
  let digits: Digits | null = null
  const orders: string[] = []
  presses.forEach((pressed, i) => {
    const effect = press(state, typeof pressed === 'string' ? key(pressed) : pressed, { now: i * 100, digits, half })
    if (!effect) return
    if (effect.commit) {
      const { ok, action } = commit(state)
      if (action) state = reduce(state, action)
      if (!ok) return
    }
    state = effect.actions.reduce(reduce, state)
    if (effect.digits !== undefined) digits = effect.digits
    if (effect.order) orders.push(effect.order)
  })
  return { state, orders, at: state.shape.rows[state.cursor.row]?.number, col: state.cursor.col }
}

const ctrl = (name: string, over: Partial<Press> = {}) => key(name, { ctrlKey: true, ...over })

describe('the morning roll', () => {
  it('takes two exceptions and the confirmation in seven presses', () => {
    const { state, orders } = type(ROLL, ['1', '2', 'k', '2', '6', 'c', ctrl('Enter')])
    expect(valueAt(state, 'p12', 'attendance')).toBe('absent_sick')
    expect(valueAt(state, 'p26', 'attendance')).toBe('late')
    expect(state.drafts.size).toBe(2)
    expect(orders).toEqual(['confirm'])
  })

  it('goes to a number at once and to the longer one with the next digit', () => {
    expect(type(ROLL, ['3']).at).toBe(3)
    expect(type(ROLL, ['3', '5']).at).toBe(35)
    expect(type(ROLL, ['0']).at).toBe(1)
    expect(type(ROLL, ['0', '7']).at).toBe(7)
  })

  it('marks nobody when nobody has the number, however long the teacher looks, until somebody is chosen', () => {
    for (const mark of ['k', ' ', 'Delete', 'F2', key('ArrowDown', { altKey: true })]) {
      const { state, orders } = type(ROLL, ['3', '6', ...(Array(12).fill('Shift') as string[]), mark])
      expect(state.said).toEqual({ kind: 'nobody', number: '36' })
      expect([state.drafts.size, orders.length]).toEqual([0, 0])
    }
    expect(type(ROLL, ['9', '9', 'k']).state.drafts.size).toBe(0)
    expect(valueAt(type(ROLL, ['3', '6', '1', '2', 'k']).state, 'p12', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, ['3', '6', '1', '2']).state.said).toBeNull()
    expect(valueAt(type(ROLL, ['3', '6', 'ArrowDown', 'k']).state, 'p4', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, ['3', '6', 'k', ctrl('Enter')]).orders).toEqual(['confirm'])
  })

  it('takes 0 for nobody in words, whatever the cursor is on, and 07 for 7', () => {
    for (const zero of ['0', '０', key('わ', { code: 'Digit0' })])
      for (const mark of ['k', ' ', 'Delete', 'F2']) {
        const { state, orders } = type(ROLL, ['9', '9', 'k', zero, mark])
        expect(state.said).toEqual({ kind: 'nobody', number: '0' })
        expect([state.drafts.size, orders.length]).toEqual([0, 0])
        const late = type(ROLL, [zero, ...(Array(12).fill('Shift') as string[]), mark])
        expect([late.state.said, late.state.drafts.size]).toEqual([{ kind: 'nobody', number: '0' }, 0])
      }
    expect(valueAt(type(ROLL, ['0', 'k', '0', '7', 'k']).state, 'p7', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, ['0', 'k', '0', '7', 'k']).state).toMatchObject({ said: null, drafts: { size: 1 } })
    expect(valueAt(type(ROLL, ['０', '１', '２', 'k']).state, 'p12', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, ['0', '9', '9', 'k']).state.said).toEqual({ kind: 'nobody', number: '099' })
    expect(valueAt(type(ROLL, ['0', 'ArrowDown', 'k']).state, 'p2', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, ['3', '0']).at).toBe(30)
  })

  it('begins a new number after the pause', () => {
    const first = press(ROLL, key('1'), { now: 0, digits: null, half: null })!
    const later = { now: DIGITS_MS + 1, digits: first.digits!, half: null }
    expect(press(ROLL, key('2'), later)!.actions).toEqual([{ type: 'go', row: 1, col: 0 }])
  })

  it('sets 出席 with the space bar and 未入力 with Delete, never the other way', () => {
    expect(valueAt(type(ROLL, [' ']).state, 'p1', 'attendance')).toBe('present')
    expect(valueAt(type(ROLL, [' ', 'Delete']).state, 'p1', 'attendance')).toBeNull()
  })

  it('understands full-width letters and digits, and a kana layout', () => {
    expect(valueAt(type(ROLL, ['Ｋ']).state, 'p1', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, ['１', '２']).at).toBe(12)
    expect(valueAt(type(ROLL, [key('の', { code: 'KeyK' })]).state, 'p1', 'attendance')).toBe('absent_sick')
    expect(type(ROLL, [key('ふ', { code: 'Digit2' })]).at).toBe(2)
  })

  it('leaves other keys to the page', () => {
    for (const other of ['g', '?', 'F5', 'Shift', 'Meta']) expect(press(ROLL, key(other), { now: 0, digits: null, half: null })).toBeNull()
    expect(press(ROLL, ctrl('r'), { now: 0, digits: null, half: null })).toBeNull()
  })
})

describe('moving', () => {
  it('goes down with Enter and up with Shift+Enter, and stops at the edges', () => {
    expect(type(ROLL, ['Enter', 'Enter', key('Enter', { shiftKey: true })]).at).toBe(2)
    expect(type(ROLL, ['ArrowUp']).at).toBe(1)
    expect(type(ROLL, [ctrl('End'), 'ArrowDown']).at).toBe(35)
    expect(type(ROLL, ['PageDown', 'PageDown', 'PageUp']).at).toBe(11)
  })

  it('crosses to the same line of the other half', () => {
    expect(type(ROLL, ['ArrowRight'], 18).at).toBe(19)
    expect(type(ROLL, ['ArrowRight', 'ArrowLeft'], 18).at).toBe(1)
    expect(type(ROLL, ['1', '8', 'ArrowRight'], 18).at).toBe(18) // the right half is one shorter
    expect(type(ROLL, ['ArrowRight']).at).toBe(1)
  })

  it('goes right with Tab and leaves the grid after the last column', () => {
    const grid = sample()
    expect(type(grid, ['Tab']).col).toBe(1)
    expect(press(grid, key('Tab', { shiftKey: true }), { now: 0, digits: null, half: null })?.leave).toBe(true)
    expect(press(type(grid, ['End']).state, key('Tab'), { now: 0, digits: null, half: null })?.leave).toBe(true)
  })
})

describe('editors', () => {
  const at = (col: number) => reduce(sample({ held: { 'p1|temperature': '36.5' } }), { type: 'go', row: 0, col })
  const typed = (state: GridState, text: string) => reduce(state, { type: 'edit', text, caret: true })

  it('leaves the cell with left and right while navigating, moves the caret after F2', () => {
    expect(type(at(1), ['ArrowRight']).col).toBe(2)
    const open = type(at(1), ['F2'])
    expect(open.state.editor).toEqual({ text: '36.5', caret: true })
    expect(press(open.state, key('ArrowRight'), { now: 0, digits: null, half: null })).toBeNull()
    expect(press(open.state, key('Home'), { now: 0, digits: null, half: null })).toBeNull()
  })

  it('types digits into a number column instead of jumping', () => {
    expect(press(at(1), key('3'), { now: 0, digits: null, half: null })).toBeNull()
  })

  it('commits with Enter and goes down; Escape restores', () => {
    const done = type(typed(at(1), '３７．２'), ['Enter'])
    expect(valueAt(done.state, 'p1', 'temperature')).toBe('37.2')
    expect(done.at).toBe(2)
    const back = type(typed(at(1), '99'), ['Escape'])
    expect(valueAt(back.state, 'p1', 'temperature')).toBe('36.5')
    expect(back.state.editor).toBeNull()
  })

  it('stays with the typed text when it cannot be read, and orders nothing', () => {
    for (const stop of [key('Enter'), ctrl('Enter'), key('ArrowDown'), key('Tab')]) {
      const { state, orders, at: row } = type(typed(at(1), '四〇'), [stop])
      expect(state.editor?.text).toBe('四〇')
      expect(row).toBe(1)
      expect(orders).toEqual([])
      expect(state.said).toMatchObject({ kind: 'refused', cells: [{ typed: '四〇', why: { kind: 'unreadable' } }] })
      expect(valueAt(state, 'p1', 'temperature')).toBe('36.5')
    }
  })

  it("leaves undo and the clipboard to the text being typed", () => {
    const open = typed(at(2), 'あ')
    for (const letter of ['z', 'c', 'v', 'x', 'a']) expect(press(open, ctrl(letter), { now: 0, digits: null, half: null })).toBeNull()
  })
})

describe('the input method', () => {
  const confirming = () => [key('Enter', { isComposing: true }), key('Enter', { keyCode: 229 }), key('Process', { keyCode: 229 })]

  it('keeps its keys, in the order of every browser', () => {
    for (const event of confirming()) {
      expect(isImeKey(event)).toBe(true)
      expect(isEnter(event)).toBe(false)
      expect(press(ROLL, event, { now: 0, digits: null, half: null })).toBeNull()
    }
    expect(isEnter(key('Enter', { keyCode: 13 }))).toBe(true)
    expect(isImeKey({ key: 'a', code: 'KeyA', keyCode: 65, nativeEvent: { isComposing: true } })).toBe(true)
  })

  it('holds the Enter of a conversion in a field that submits, and no other key', () => {
    const held = (event: Press) => {
      let prevented = false
      holdImeEnter({ ...event, preventDefault: () => (prevented = true) })
      return prevented
    }
    expect(confirming().map(held)).toEqual([true, true, false])
    expect(held(key('Enter', { keyCode: 13 }))).toBe(false)
  })

  it('never lets a composing key change or move anything', () => {
    const named = fc.constantFrom('Enter', 'Escape', 'ArrowDown', 'Tab', 'Delete', ' ', 'k', '1', 'F2', 'Process')
    const flags = fc.record({ ctrlKey: fc.boolean(), shiftKey: fc.boolean(), composing: fc.boolean() })
    fc.assert(
      fc.property(named, flags, fc.integer({ min: 0, max: 2 }), (name, { composing, ...held }, col) => {
        const state = reduce(sample(), { type: 'go', row: 3, col })
        const event = key(name, { ...held, ...(composing ? { isComposing: true } : { keyCode: 229 }) })
        expect(press(state, event, { now: 0, digits: null, half: null })).toBeNull()
      }),
    )
  })
})

it('reads a letter from any way of writing it', () => {
  expect(['k', 'K', 'ｋ', 'Ｋ'].map((name) => letterOf(key(name)))).toEqual(['K', 'K', 'K', 'K'])
  expect(letterOf(key(' '))).toBe(' ')
  expect(letterOf(key('　'))).toBe(' ')
  expect(letterOf(key('Enter', { code: 'Enter' }))).toBe('')
  for (const { key: mark } of CHOICES) expect(letterOf(key(mark))).toBe(mark)
})
