/** From a key press to what the grid does. Pure: the same press in the same state is always the same act. */
import { isImeKey, letterOf, type KeyLike } from './ime'
import { mayEdit, valueAt, type Action, type GridState } from './model'

export interface Press extends KeyLike {
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
}

/** What only the screen can do; `point` is a click on a choice cell. */
export type Order = 'confirm' | 'save' | 'marks' | 'explain' | 'point'

/** Digits typed so far on the way to a 出席番号. */
export interface Digits {
  readonly text: string
  readonly at: number
  /** Nobody has that number (yet): until somebody is chosen, no mark goes to whoever the cursor happens to be on. */
  readonly nobody?: boolean
}

export interface KeyContext {
  /** Milliseconds; only differences matter. */
  readonly now: number
  readonly digits: Digits | null
  /** Rows in one half when the class flows in two halves, else null. */
  readonly half: number | null
}

export interface Effect {
  readonly actions: readonly Action[]
  /** First commit the open editor, then act. */
  readonly commit?: boolean
  readonly order?: Order
  readonly digits?: Digits | null
  /** Let the browser move the focus out of the grid. */
  readonly leave?: boolean
}

/** Time to type the second digit of a number. */
export const DIGITS_MS = 900
const PAGE = 10

/** What the press means, or null when it is not the grid's. */
export function press(state: GridState, event: Press, context: KeyContext): Effect | null {
  if (isImeKey(event)) return null
  if (context.digits?.nobody && marks(state, event)) return { actions: [nobody(context.digits.text)] }
  if (event.ctrlKey || event.metaKey) return chord(state, event)
  if (event.altKey) return event.key === 'ArrowDown' ? { actions: [], order: 'marks' } : null
  return named(state, event, context) ?? printed(state, event, context)
}

function chord(state: GridState, event: Press): Effect | null {
  const { row, col } = state.cursor
  const last = state.shape.rows.length - 1
  switch (event.key) {
    case 'Enter':
      return { actions: [], commit: true, order: 'confirm' }
    case 'Home':
      return move(0, 0)
    case 'End':
      return move(last, state.shape.columns.length - 1)
    case 'ArrowUp':
      return move(0, col)
    case 'ArrowDown':
      return move(last, col)
    case 'ArrowLeft':
      return state.editor ? null : move(row, 0)
    case 'ArrowRight':
      return state.editor ? null : move(row, state.shape.columns.length - 1)
  }
  const letter = letterOf(event)
  if (letter === 'S') return { actions: [], commit: true, order: 'save' }
  if (letter === 'I') return { actions: [], order: 'explain' }
  if (state.editor) return null // Ctrl+Z and the clipboard belong to the text being typed
  if (letter === 'Z') return { actions: [{ type: event.shiftKey ? 'redo' : 'undo' }] }
  if (letter === 'Y') return { actions: [{ type: 'redo' }] }
  return null
}

function move(row: number, col: number): Effect {
  return { actions: [{ type: 'go', row, col }], commit: true, digits: null }
}

function named(state: GridState, event: Press, context: KeyContext): Effect | null {
  const { row, col } = state.cursor
  const columns = state.shape.columns.length
  const caret = state.editor?.caret === true
  switch (event.key) {
    case 'ArrowUp':
      return move(row - 1, col)
    case 'ArrowDown':
      return move(row + 1, col)
    case 'ArrowLeft':
      return caret ? null : sideways(state, context, -1)
    case 'ArrowRight':
      return caret ? null : sideways(state, context, 1)
    case 'Enter':
      return move(row + (event.shiftKey ? -1 : 1), col)
    case 'Home':
      return caret ? null : move(row, 0)
    case 'End':
      return caret ? null : move(row, columns - 1)
    case 'PageUp':
      return move(row - PAGE, col)
    case 'PageDown':
      return move(row + PAGE, col)
    case 'Tab': {
      const next = col + (event.shiftKey ? -1 : 1)
      return next < 0 || next >= columns ? { actions: [], commit: true, leave: true } : move(row, next)
    }
    case 'Escape':
      return state.editor || state.said ? { actions: [{ type: 'cancel' }], digits: null } : null
    case 'F2':
      return isChoice(state) ? { actions: [], order: 'marks' } : open(state)
    case 'Delete':
    case 'Backspace':
      return state.editor ? null : { actions: [{ type: 'enter', cells: [{ row, col, value: null }] }] }
  }
  return null
}

function open(state: GridState): Effect {
  const [row, column] = [state.shape.rows[state.cursor.row], state.shape.columns[state.cursor.col]]
  const text = state.editor?.text ?? (row && column ? valueAt(state, row.id, column.id) : null) ?? ''
  return { actions: [{ type: 'edit', text, caret: true }] }
}

/** Left and right; past the edge of one half the same line of the other half follows. */
function sideways(state: GridState, { half }: KeyContext, by: 1 | -1): Effect {
  const { row, col } = state.cursor
  const columns = state.shape.columns.length
  const next = col + by
  if (next >= 0 && next < columns) return move(row, next)
  const across = half === null ? -1 : row + by * half
  if (half !== null && across >= 0 && across < state.shape.rows.length && Math.floor(across / half) !== Math.floor(row / half))
    return move(across, by > 0 ? 0 : columns - 1)
  return move(row, col)
}

function isChoice(state: GridState): boolean {
  return state.shape.columns[state.cursor.col]?.kind === 'choice'
}

/** Digits go to a pupil, a mark's key sets the mark. Number and text columns have an input that types for itself. */
function printed(state: GridState, event: Press, context: KeyContext): Effect | null {
  const column = state.shape.columns[state.cursor.col]
  if (column?.kind !== 'choice') return null
  const letter = letterOf(event)
  if (/^\d$/.test(letter)) return jump(state, letter, context)
  const choice = letter === '' ? undefined : column.choices.find(({ key }) => key.toUpperCase() === letter)
  if (!choice) return null
  const { row, col } = state.cursor
  return { actions: [{ type: 'enter', cells: [{ row, col, value: choice.code }] }], digits: null }
}

/** Whether a press would set, empty or choose a mark. */
function marks(state: GridState, event: Press): boolean {
  if (['Delete', 'Backspace', 'F2'].includes(event.key) || (event.altKey && event.key === 'ArrowDown')) return true
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const column = state.shape.columns[state.cursor.col]
  return column?.kind === 'choice' && column.choices.some(({ key }) => key.toUpperCase() === letterOf(event))
}

function jump(state: GridState, digit: string, { now, digits }: KeyContext): Effect {
  const goesOn = digits && now - digits.at <= DIGITS_MS && (!digits.nobody || isZeros(digits.text))
  const text = goesOn ? digits.text + digit : digit
  if (isZeros(text)) return { actions: [], digits: { text, at: now, nobody: true } } // 07 is 7; 0 alone is nobody's
  const row = rowOf(state, Number(text))
  const could = state.shape.rows.some(({ number }) => number !== null && String(number).startsWith(String(Number(text))))
  if (row !== null) return { actions: [{ type: 'go', row, col: state.cursor.col }], digits: { text, at: now } }
  if (could) return { actions: [], digits: { text, at: now } }
  return { actions: [nobody(text)], digits: { text, at: now, nobody: true } }
}

function isZeros(text: string): boolean {
  return /^0+$/.test(text)
}

function nobody(number: string): Action {
  return { type: 'say', said: { kind: 'nobody', number } }
}

/** The row of a 出席番号; the class's own pupils before 交流. */
function rowOf(state: GridState, number: number): number | null {
  const { rows } = state.shape
  const own = rows.findIndex((row) => row.number === number && row.editable)
  const any = own >= 0 ? own : rows.findIndex((row) => row.number === number)
  return any >= 0 ? any : null
}

/** True where typing a character should open the editor (number and text columns). */
export function typesDirectly(state: GridState): boolean {
  return !isChoice(state) && mayEdit(state.shape, state.cursor.row)
}
