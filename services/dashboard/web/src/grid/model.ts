/**
 * The record grid's state, without a browser: columns are data (choice, number, text), every change is an undo step,
 * and what the server holds (`base`) stays apart from what was entered here (`drafts`).
 */

/** One mark of a choice column: what is typed, shown and said for a code. */
export interface Choice {
  readonly code: string
  /** Key that sets it: a letter of the board's list, or a space. */
  readonly key: string
  /** One character, as on paper; may be empty. */
  readonly glyph: string
  readonly word: string
  readonly tint: 'none' | 'absent' | 'late' | 'apart'
}

interface ColumnBase {
  readonly id: string
  readonly label: string
}

export interface ChoiceColumn extends ColumnBase {
  readonly kind: 'choice'
  readonly choices: readonly Choice[]
}

export interface NumberColumn extends ColumnBase {
  readonly kind: 'number'
  readonly min: number
  readonly max: number
  /** Digits after the point, as the value is kept. */
  readonly decimals: number
  /** True where 365 may be typed for 36.5. */
  readonly shorthand: boolean
}

export interface TextColumn extends ColumnBase {
  readonly kind: 'text'
  /** Longest text in characters as people count them (grapheme clusters). */
  readonly max: number
}

export type Column = ChoiceColumn | NumberColumn | TextColumn

export interface Row {
  readonly id: string
  /** 出席番号, or null for a row that has none here. */
  readonly number: number | null
  readonly name: string
  /** Kana, a small line of its own; may be empty. */
  readonly reading: string
  /** A few words after the name: 「交流 しらかば」; may be empty. */
  readonly tag: string
  /** False: shown, never changed here (交流). */
  readonly editable: boolean
}

/** What the server holds: a choice's code, a number as text, a text; null = not recorded. */
export interface Held {
  readonly value: string | null
  readonly revision: number
}

/** What was entered here over revision `seen`. */
export interface Draft {
  readonly value: string | null
  readonly seen: number
  /** Value that stood there when it was entered: whoever saw it is not surprised by it. Left out where unknown. */
  readonly over?: string | null
  /** ISO instant of the entry, to tell two people's entries apart. */
  readonly at: string
}

export type CellKey = `${string}|${string}`

export function cellKey(row: string, column: string): CellKey {
  return `${row}|${column}`
}

/** One cell before and after. */
export interface Change {
  readonly cell: CellKey
  readonly before: Draft | null
  readonly after: Draft | null
}

export interface Shape {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** The whole grid may only be read (closed day, no right, already confirmed). */
  readonly locked: boolean
}

/** A cell named for a person, with what is the matter. */
export interface Refusal {
  readonly row: number
  readonly col: number
  readonly typed: string
  readonly why:
    | { readonly kind: 'unknown' | 'unreadable' | 'blank' | 'readonly' | 'no-row' | 'no-column' }
    | { readonly kind: 'range'; readonly min: number; readonly max: number }
    | { readonly kind: 'long'; readonly max: number }
    | { readonly kind: 'name'; readonly expected: string }
}

/** A value that was understood although written otherwise. */
export interface Rewriting {
  readonly row: number
  readonly col: number
  readonly typed: string
  readonly value: string
}

/** The last thing worth saying. */
export type Said =
  | { readonly kind: 'refused'; readonly by: 'entry' | 'paste'; readonly cells: readonly Refusal[] }
  | { readonly kind: 'rewritten'; readonly cells: readonly Rewriting[] }
  | { readonly kind: 'pasted' | 'undone' | 'redone'; readonly n: number }
  | { readonly kind: 'locked' }
  /** Nobody has the number that was typed. */
  | { readonly kind: 'nobody'; readonly number: string }

export interface Editor {
  readonly text: string
  /** After F2 or typing, left and right move the caret; before, they leave the cell. */
  readonly caret: boolean
}

export interface GridState {
  readonly shape: Shape
  readonly held: ReadonlyMap<CellKey, Held>
  readonly drafts: ReadonlyMap<CellKey, Draft>
  /** Handed over to be sent and not stored yet; what is entered meanwhile is a draft over them. */
  readonly leaving: ReadonlyMap<CellKey, Draft>
  readonly cursor: { readonly row: number; readonly col: number }
  readonly editor: Editor | null
  readonly past: readonly (readonly Change[])[]
  readonly future: readonly (readonly Change[])[]
  readonly said: Said | null
}

export interface Entered {
  readonly row: number
  readonly col: number
  readonly value: string | null
}

export type Action =
  | { readonly type: 'arrived'; readonly shape: Shape; readonly held: ReadonlyMap<CellKey, Held> }
  /** Entries kept from before; what was typed since then stands over them. */
  | { readonly type: 'restore'; readonly drafts: ReadonlyMap<CellKey, Draft> }
  | { readonly type: 'go'; readonly row: number; readonly col: number }
  | { readonly type: 'enter'; readonly cells: readonly Entered[]; readonly said?: Said | null; readonly at?: string }
  | { readonly type: 'say'; readonly said: Said | null }
  | { readonly type: 'edit'; readonly text: string; readonly caret: boolean }
  | { readonly type: 'cancel' }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' }
  /** These are handed over as they are now, and no step back leads before them. */
  | { readonly type: 'leave'; readonly drafts: ReadonlyMap<CellKey, Draft> }
  /** What was handed over is stored: from here on it is part of what is held. */
  | { readonly type: 'left'; readonly drafts: ReadonlyMap<CellKey, Draft> }
  /** What another tab of this person entered or let go of here. */
  | { readonly type: 'told'; readonly cell: CellKey; readonly draft: Draft | null }
  /** Drafts that are given up. */
  | { readonly type: 'release'; readonly cells: readonly CellKey[] }

export const EMPTY: GridState = {
  shape: { columns: [], rows: [], locked: true },
  held: new Map(),
  drafts: new Map(),
  leaving: new Map(),
  cursor: { row: 0, col: 0 },
  editor: null,
  past: [],
  future: [],
  said: null,
}

/** The value to show and to save: the draft, else what is leaving, else what the server holds. */
export function valueAt(state: GridState, row: string, column: string): string | null {
  const key = cellKey(row, column)
  const draft = state.drafts.get(key)
  return draft ? draft.value : beneath(state, key)
}

/** What stands under a draft. */
function beneath({ leaving, held }: GridState, key: CellKey): string | null {
  const gone = leaving.get(key)
  return gone ? gone.value : (held.get(key)?.value ?? null)
}

/** Revision that a draft stands on: also a later one, when it holds the value over which the draft was entered. */
export function seenBy(state: GridState, key: CellKey, draft: Draft): number {
  const held = state.held.get(key)
  return held && held.value === draft.over ? Math.max(held.revision, draft.seen) : draft.seen
}

/** True when somebody else changed the cell after this draft was begun, to another value. */
export function isStale(state: GridState, key: CellKey): boolean {
  const draft = state.drafts.get(key)
  const held = state.held.get(key)
  return draft !== undefined && held !== undefined && held.revision > seenBy(state, key, draft) && held.value !== draft.value
}

export function mayEdit(shape: Shape, row: number): boolean {
  return !shape.locked && shape.rows[row]?.editable === true
}

export function reduce(state: GridState, action: Action): GridState {
  switch (action.type) {
    case 'arrived':
      return arrived(state, action.shape, action.held)
    case 'restore':
      return withDrafts(state, prune(state, new Map([...action.drafts, ...state.drafts])))
    case 'go':
      return { ...state, cursor: clamp(state.shape, action.row, action.col), editor: null, said: state.said?.kind === 'nobody' ? null : state.said }
    case 'enter':
      return enter(state, action.cells, action.said ?? null, action.at ?? '')
    case 'say':
      return { ...state, said: action.said }
    case 'edit':
      if (!mayEdit(state.shape, state.cursor.row)) return { ...state, said: { kind: 'locked' } }
      return { ...state, editor: { text: action.text, caret: action.caret } }
    case 'cancel':
      return { ...state, editor: null, said: null }
    case 'undo':
      return travel(state, 'undo')
    case 'redo':
      return travel(state, 'redo')
    case 'leave':
      return leave(state, action.drafts)
    case 'left':
      return { ...state, leaving: new Map([...state.leaving].filter(([cell, draft]) => action.drafts.get(cell) !== draft)) }
    case 'told':
      return told(state, action.cell, action.draft)
    case 'release':
      return release(state, action.cells)
  }
}

/** New rows, columns or values from the server: the cursor stays on its pupil, an open editor stays open. */
function arrived(state: GridState, shape: Shape, held: ReadonlyMap<CellKey, Held>): GridState {
  const pupil = state.shape.rows[state.cursor.row]?.id
  const found = shape.rows.findIndex((row) => row.id === pupil)
  const cursor = found >= 0 ? clamp(shape, found, state.cursor.col) : clamp(shape, firstEditable(shape), 0)
  const next = { ...state, shape, held, cursor, editor: found >= 0 && !shape.locked ? state.editor : null }
  return withDrafts(next, prune(next, state.drafts))
}

function firstEditable(shape: Shape): number {
  return Math.max(0, shape.rows.findIndex((row) => row.editable))
}

/** Drafts that say what the server already holds are not drafts any more; those of rows that left go too. */
function prune(state: GridState, drafts: ReadonlyMap<CellKey, Draft>): ReadonlyMap<CellKey, Draft> {
  const known = new Set(
    state.shape.rows.flatMap((row) => (row.editable ? state.shape.columns.map((column) => cellKey(row.id, column.id)) : [])),
  )
  const kept = [...drafts].filter(([key, draft]) => known.has(key) && draft.value !== beneath(state, key))
  return kept.length === drafts.size ? drafts : new Map(kept)
}

function withDrafts(state: GridState, drafts: ReadonlyMap<CellKey, Draft>): GridState {
  return drafts === state.drafts ? state : { ...state, drafts }
}

function clamp(shape: Shape, row: number, col: number): GridState['cursor'] {
  const within = (value: number, length: number) => Math.max(0, Math.min(value, length - 1))
  return { row: within(row, shape.rows.length), col: within(col, shape.columns.length) }
}

function enter(state: GridState, cells: readonly Entered[], said: Said | null, at: string): GridState {
  const changes = cells.flatMap((cell) => change(state, cell, at))
  if (cells.length && cells.every(({ row }) => !mayEdit(state.shape, row))) return { ...state, said: { kind: 'locked' } }
  const closed = { ...state, editor: null, said }
  return changes.length ? { ...apply(closed, changes), past: [...state.past, changes], future: [] } : closed
}

function change(state: GridState, { row, col, value }: Entered, at: string): Change[] {
  const [pupil, column] = [state.shape.rows[row], state.shape.columns[col]]
  if (!pupil || !column || !mayEdit(state.shape, row)) return []
  const cell = cellKey(pupil.id, column.id)
  const over = beneath(state, cell)
  const before = state.drafts.get(cell) ?? null
  if ((before ? before.value : over) === value) return []
  const after = value === over ? null : { value, seen: state.held.get(cell)?.revision ?? 0, over, at }
  return [{ cell, before, after }]
}

function apply(state: GridState, changes: readonly Change[]): GridState {
  const drafts = new Map(state.drafts)
  for (const { cell, after } of changes) {
    if (after) drafts.set(cell, after)
    else drafts.delete(cell)
  }
  return { ...state, drafts }
}

function travel(state: GridState, way: 'undo' | 'redo'): GridState {
  const step = (way === 'undo' ? state.past : state.future).at(-1)
  if (!step || state.shape.locked) return state
  const changes = way === 'redo' ? step : step.map(({ cell, before, after }) => ({ cell, before: after, after: before }))
  const moved = apply({ ...state, editor: null }, changes)
  const said: Said = { kind: way === 'undo' ? 'undone' : 'redone', n: step.length }
  return way === 'undo'
    ? { ...moved, said, past: state.past.slice(0, -1), future: [...state.future, step] }
    : { ...moved, said, past: [...state.past, step], future: state.future.slice(0, -1) }
}

function leave(state: GridState, drafts: ReadonlyMap<CellKey, Draft>): GridState {
  const leaving = new Map([...state.leaving, ...drafts])
  return { ...state, leaving, drafts: without(state.drafts, drafts.keys()), past: [], future: [] }
}

/** As it was told, also where it says what is held: only its own tab knows why. No step back of this tab leads past it. */
function told(state: GridState, cell: CellKey, draft: Draft | null): GridState {
  const forget = (steps: GridState['past']) => steps.map((step) => step.filter((one) => one.cell !== cell)).filter((step) => step.length)
  const drafts = draft ? new Map([...state.drafts, [cell, draft] as const]) : without(state.drafts, [cell])
  return { ...state, drafts, past: forget(state.past), future: forget(state.future) }
}

function release(state: GridState, cells: readonly CellKey[]): GridState {
  return { ...state, drafts: without(state.drafts, cells), past: [], future: [] }
}

function without(drafts: ReadonlyMap<CellKey, Draft>, cells: Iterable<CellKey>): ReadonlyMap<CellKey, Draft> {
  const left = new Map(drafts)
  for (const cell of cells) left.delete(cell)
  return left
}
