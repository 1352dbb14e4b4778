/** A list of attendance as it is written in fields. Pure. */
import type { Row, Told, Which } from './data'

export const MOST: Readonly<Record<Which, number>> = { symbols: 20, beside: 9, bereavement: 9 }

/** A line to be filled in. */
export function fresh(which: Which): Row {
  const plain = { code: null, word: '', glyph: '', key: '', days: null }
  if (which === 'symbols') return { ...plain, counts: 'not_required' }
  return which === 'beside' ? { ...plain, counts: 'credited' } : { ...plain, counts: 'kin', days: 1 }
}

/** Whether both say the same. */
export function same(one: Told, other: Told): boolean {
  const line = ({ code, counts, word, glyph, key, days }: Row) => JSON.stringify([code, counts, word, glyph, key, days])
  return one.holidays === other.holidays && one.rows.length === other.rows.length && one.rows.every((row, n) => line(row) === line(other.rows[n]!))
}

/** 「３日」 as a number; null: not one. */
export function daysOf(text: string): number | null {
  const found = /^(\d{1,2})日?$/.exec(text.normalize('NFKC').trim())
  return found ? Number(found[1]) : null
}
