import type { AttendanceSymbol } from '~/api/types'
import type { BesideMark, Cell, Counts, Month, MonthLine, Over } from './data'

/** The columns on the right of the sheet, in its order; 出席扱い and 未入力 only where there are any. */
export function sumsOf(totals: Counts): readonly (keyof Counts)[] {
  const sums = ['days', 'apart', 'due', 'sick', 'other', 'absent', 'present', 'late', 'early'] as const
  const more = (['credited', 'unrecorded'] as const).filter((name) => totals[name] > 0)
  return [...sums, ...more]
}

/** 「１２０日」 as a number of days; null: not one. */
export function numberOf(text: string): number | null {
  const found = /^(\d{1,3})日?$/.exec(text.normalize('NFKC').trim())
  return found && Number(found[1]) <= 366 ? Number(found[1]) : null
}

/** The sheets before and after one; a year has none. */
export function beside(months: readonly string[], month: string): { readonly before: string | undefined; readonly after: string | undefined } {
  const at = months.indexOf(month)
  return at < 0 ? { before: undefined, after: undefined } : { before: months[at - 1], after: months[at + 1] }
}

export function monthNumber(month: string): number {
  return Number(month.slice(5))
}

/** Whether somebody may have said something of the day: then it explains itself. */
export function isTold({ kind }: Cell): boolean {
  return kind === 'present' || kind === 'absent' || kind === 'apart' || kind === 'unrecorded' || kind === 'closed'
}

export function symbolOf(month: Month, cell: Cell): AttendanceSymbol | null {
  return cell.symbol === null ? null : (month.symbols[cell.symbol] ?? null)
}

/** The marks that can stand beside a day as it is: of a 忌引 the kinships, of another day that asks nobody to come, none. */
export function marksFor(month: Month, cell: Cell): readonly BesideMark[] {
  const bereaved = symbolOf(month, cell)?.category === 'bereavement'
  if (bereaved) return month.beside.filter(({ kind }) => kind === 'kin')
  if (cell.kind !== 'present' && cell.kind !== 'absent') return []
  return month.beside.filter(({ kind }) => kind === 'credited' || (kind === 'elsewhere' && cell.kind === 'present'))
}

/** What has a sign of its own on the sheet. */
export type Sign = Exclude<BesideMark['kind'], 'kin'>

/** Signs that stand beside any day of the sheet. */
export function besides(month: Month): readonly Sign[] {
  const used = new Set(month.lines.flatMap(({ cells }) => cells.flatMap(({ beside }) => beside?.kind ?? [])))
  return (['credited', 'elsewhere'] as const).filter((kind) => used.has(kind))
}

/** Classes whose month nobody has closed, or that was sent back. */
export function unclosed(month: Month): Month['classes'] {
  return month.classes.filter(({ state }) => state === null || state === 'returned')
}

export interface OpenDay {
  readonly on: string
  readonly children: number
}

/** Days of which not everybody's attendance is known. */
export function openDays(month: Month): readonly OpenDay[] {
  return month.days.flatMap(({ on, counts }) => (counts.unrecorded > 0 ? [{ on, children: counts.unrecorded }] : []))
}

/** Children whose 忌引 goes on for longer than the board allows. */
export function overs(month: Month): readonly (Clash & { readonly over: Over })[] {
  return month.lines.flatMap((line) => line.over.map((over) => ({ line, day: month.days.findIndex(({ on }) => on === over.on), over })))
}

export interface Clash {
  readonly line: MonthLine
  /** Place of the day in the month. */
  readonly day: number
}

/** Days of which two people say different things. */
export function clashes(month: Month): readonly Clash[] {
  return month.lines.flatMap((line) => line.cells.flatMap((cell, day) => (cell.contradiction === null ? [] : [{ line, day }])))
}

/** The next cell that explains itself, from one in a direction; where there is none, one stays. */
export function stepped(month: Month, row: number, day: number, down: number, right: number): readonly [row: number, day: number] {
  let [r, d] = [row + down, day + right]
  while (r >= 0 && r < month.lines.length && d >= 0 && d < month.days.length) {
    const cell = month.lines[r]!.cells[d]
    if (cell && isTold(cell)) return [r, d]
    r += down
    d += right
  }
  return [row, day]
}
