/** A form as it is written in fields, and textbooks as lines. Pure. */
import { readBlock } from '~/grid/paste'
import type { Form } from './data'

/** Sentences of a field, one a line; empty lines at the end are none. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/)
  while (lines.length && lines.at(-1)!.trim() === '') lines.pop()
  return lines
}

/** 「１１」 or 「10.5ポイント」 as a number; null: not one. */
export function sizeOf(text: string): number | null {
  const found = /^(\d{1,2}(?:\.\d)?)(?:ポイント|pt)?$/.exec(text.normalize('NFKC').replace(/\s/g, ''))
  return found ? Number(found[1]) : null
}

/** The row at `from` stands at `to`; others keep their order. */
export function moved<T>(rows: readonly T[], from: number, to: number): readonly T[] {
  const [row, rest] = [rows[from], rows.filter((_, i) => i !== from)]
  return row === undefined || to < 0 || to >= rows.length ? rows : [...rest.slice(0, to), row, ...rest.slice(to)]
}

export function same(one: Form, other: Form): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Pasted lines as cells; a trailing empty column, as spreadsheets leave it, is none. */
export function bookRows(text: string): string[][] {
  return readBlock(text).map((cells) => {
    const kept = [...cells]
    while (kept.length > 5 && kept.at(-1)!.trim() === '') kept.pop()
    return kept
  })
}

/** How many books there are of each grade, in their order: the grade of merged cells is the one above. */
export function booksOfGrades(rows: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [grade = ''] of rows) found.set(grade, (found.get(grade) ?? 0) + 1)
  return found
}
