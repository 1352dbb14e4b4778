/** From written text to a value, and back. Never corrects silently: a value that was written otherwise says so. */
import { valueAt, type Action, type Column, type GridState, type NumberColumn, type Refusal } from './model'

export type Parsed =
  | { readonly ok: true; readonly value: string | null; readonly rewritten: boolean }
  | { readonly ok: false; readonly why: Refusal['why'] }

const UNREADABLE: Parsed = { ok: false, why: { kind: 'unreadable' } }

/** Reads what was typed or pasted into a column. Blank reads as "not recorded". */
export function parse(column: Column, typed: string): Parsed {
  if (typed.trim() === '') return { ok: true, value: null, rewritten: false }
  switch (column.kind) {
    case 'choice': {
      const plain = foldMark(typed)
      const choice =
        column.choices.find(({ code, glyph, word }) => plain === code || plain === word || (glyph !== '' && plain === glyph)) ??
        column.choices.find(({ key }) => key.trim() !== '' && plain.toUpperCase() === key.toUpperCase())
      return choice ? { ok: true, value: choice.code, rewritten: plain !== typed.trim() } : { ok: false, why: { kind: 'unknown' } }
    }
    case 'number':
      return parseNumber(column, typed)
    case 'text': {
      const text = typed.trim()
      return characters(text) > column.max
        ? { ok: false, why: { kind: 'long', max: column.max } }
        : { ok: true, value: text, rewritten: false }
    }
  }
}

/** Codes and numbers are folded; names and free text never are. */
function foldMark(text: string): string {
  return text.normalize('NFKC').trim()
}

/** NFKC, then by hand what it leaves: the minus sign, the long mark used as one, and 〇/○ for zero. */
function foldNumber(text: string): string {
  return foldMark(text)
    .replace(/[\u2212\u30fc\u2010-\u2015]/g, '-')
    .replace(/[〇○]/g, '0')
    .replace(/、|，|。/g, '.')
}

function parseNumber(column: NumberColumn, typed: string): Parsed {
  const plain = foldNumber(typed)
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(plain)
  if (!found) return UNREADABLE
  const [, sign, whole = '', fraction = ''] = found
  if (fraction.length > column.decimals && /[1-9]/.test(fraction.slice(column.decimals))) return UNREADABLE
  const written = number(column, `${sign}${whole}.${fraction || '0'}`)
  const short = column.shorthand && fraction === '' && !within(column, written) ? shorthand(column, whole) : null
  const value = short ?? written
  if (!within(column, value)) return { ok: false, why: { kind: 'range', min: column.min, max: column.max } }
  return { ok: true, value, rewritten: short !== null || plain !== typed.trim() }
}

/** 365 for 36.5: as many digits as the column keeps stand after the point. */
function shorthand(column: NumberColumn, digits: string): string | null {
  const at = digits.length - column.decimals
  return at > 0 ? number(column, `${digits.slice(0, at)}.${digits.slice(at)}`) : null
}

function number(column: NumberColumn, text: string): string {
  return Number(text).toFixed(column.decimals)
}

function within({ min, max }: NumberColumn, value: string): boolean {
  return Number(value) >= min && Number(value) <= max
}

/** Characters as people count them: 葛󠄀城 is two. */
export function characters(text: string): number {
  return [...new Intl.Segmenter('ja', { granularity: 'grapheme' }).segment(text)].length
}

/** How a value is written: what a copy carries and a paste reads back. */
export function print(column: Column, value: string | null): string {
  if (value === null) return ''
  return column.kind === 'choice' ? (column.choices.find(({ code }) => code === value)?.word ?? value) : value
}

/** The open editor's text becomes the value of its cell, or a refusal that leaves the editor open. */
export function commit(state: GridState): { readonly ok: boolean; readonly action: Action | null } {
  const { row, col } = state.cursor
  const column = state.shape.columns[col]
  if (!state.editor || !column) return { ok: true, action: null }
  const typed = state.editor.text
  const pupil = state.shape.rows[row]
  if (pupil && typed === print(column, valueAt(state, pupil.id, column.id))) return { ok: true, action: { type: 'cancel' } }
  const parsed = parse(column, typed)
  if (!parsed.ok)
    return { ok: false, action: { type: 'say', said: { kind: 'refused', by: 'entry', cells: [{ row, col, typed, why: parsed.why }] } } }
  const said = parsed.rewritten ? ({ kind: 'rewritten', cells: [{ row, col, typed, value: parsed.value ?? '' }] } as const) : null
  return { ok: true, action: { type: 'enter', cells: [{ row, col, value: parsed.value }], said } }
}
