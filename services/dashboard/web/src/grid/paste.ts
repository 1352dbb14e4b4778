/**
 * Paste of a block from a spreadsheet: everything is read first. One refusal and nothing is applied; rewritings are
 * applied and listed. A block that brings numbers or names is laid by them, and a name that does not fit is refused.
 */
import { print, parse } from './parse'
import { mayEdit, valueAt, type Action, type Entered, type GridState, type Refusal, type Rewriting, type Row } from './model'

/** Tab-separated text as spreadsheets write it: quoted cells may hold tabs, line ends and doubled quotes. */
export function readBlock(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  const source = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '')
  for (;;) {
    const quoted = source[at] === '"' ? /"((?:[^"]|"")*)"(?=[\t\n]|$)/y : null
    if (quoted) quoted.lastIndex = at
    const found = quoted?.exec(source)
    const plain = found ? null : source.slice(at).search(/[\t\n]/)
    const end = found ? at + found[0].length : plain === -1 ? source.length : at + (plain ?? 0)
    row.push(found ? found[1]!.replaceAll('""', '"') : source.slice(at, end))
    if (source[end] !== '\t') {
      rows.push(row)
      row = []
    }
    if (end >= source.length) return rows
    at = end + 1
  }
}

/** A block as `readBlock` reads it. */
export function writeBlock(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map((cell) => (/[\t\n\r"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join('\t')).join('\n')
}

/** What a copy of these rows and columns carries. */
export function copyOf(state: GridState, rows: readonly number[], cols: readonly number[]): string {
  return writeBlock(
    rows.map((row) =>
      cols.map((col) => {
        const [pupil, column] = [state.shape.rows[row], state.shape.columns[col]]
        return pupil && column ? print(column, valueAt(state, pupil.id, column.id)) : ''
      }),
    ),
  )
}

/** What pasting `text` at the cursor does: one undoable step, or a list of refused cells. */
export function paste(state: GridState, text: string): Action {
  if (state.shape.locked) return { type: 'say', said: { kind: 'locked' } }
  const block = readBlock(text)
  const laid = lay(state, block)
  const cells: Entered[] = []
  const refused: Refusal[] = [...laid.refused]
  const rewritten: Rewriting[] = []
  for (const { row, values } of laid.lines)
    values.forEach((typed, i) => take(state, row, state.cursor.col + i, typed, { cells, refused, rewritten }))
  if (refused.length) return { type: 'say', said: { kind: 'refused', by: 'paste', cells: refused } }
  return {
    type: 'enter',
    cells,
    said: rewritten.length ? { kind: 'rewritten', cells: rewritten } : { kind: 'pasted', n: cells.length },
  }
}

interface Taken {
  readonly cells: Entered[]
  readonly refused: Refusal[]
  readonly rewritten: Rewriting[]
}

function take(state: GridState, row: number, col: number, typed: string, into: Taken): void {
  const [pupil, column] = [state.shape.rows[row], state.shape.columns[col]]
  const refuse = (why: Refusal['why']) => into.refused.push({ row, col, typed, why })
  if (!pupil) return void refuse({ kind: 'no-row' })
  if (!column) return void refuse({ kind: 'no-column' })
  const parsed = parse(column, typed)
  if (parsed.ok && parsed.value === valueAt(state, pupil.id, column.id) && typed.trim() !== '') return // already so
  if (!mayEdit(state.shape, row)) return void refuse({ kind: 'readonly' })
  if (typed.trim() === '') return void refuse({ kind: 'blank' })
  if (!parsed.ok) return void refuse(parsed.why)
  into.cells.push({ row, col, value: parsed.value })
  if (parsed.rewritten) into.rewritten.push({ row, col, typed, value: parsed.value ?? '' })
}

interface Line {
  readonly row: number
  readonly values: readonly string[]
}

/** Which line of the block belongs to which row. */
function lay(state: GridState, block: readonly (readonly string[])[]): { lines: Line[]; refused: Refusal[] } {
  const { rows } = state.shape
  const numbers = leads(block, 0, (cell) => byNumber(rows, cell) !== null) && wide(block)
  const from = numbers ? 1 : 0
  const names = leads(block, from, (cell) => rows.some((row) => sameName(row.name, cell))) && wide(block)
  const skip = from + (names ? 1 : 0)
  if (!skip) return { lines: block.map((values, i) => ({ row: state.cursor.row + i, values })), refused: [] }
  const lines: Line[] = []
  const refused: Refusal[] = []
  for (const line of block) {
    const typedNumber = numbers ? (line[0] ?? '') : null
    const typedName = names ? (line[from] ?? '') : null
    const row = typedNumber !== null ? byNumber(rows, typedNumber) : byName(rows, typedName ?? '')
    const typed = [typedNumber, typedName].filter((part) => part !== null).join(' ')
    if (row === null) refused.push({ row: -1, col: -1, typed, why: { kind: 'no-row' } })
    else if (typedName !== null && !sameName(rows[row]!.name, typedName))
      refused.push({ row, col: -1, typed: typedName, why: { kind: 'name', expected: rows[row]!.name } })
    else lines.push({ row, values: line.slice(skip) })
  }
  return { lines, refused }
}

function wide(block: readonly (readonly string[])[]): boolean {
  return block.every((line) => line.length > 1)
}

/** True when the column at `index` looks like what `fits` tests: at least half of its cells do. */
function leads(block: readonly (readonly string[])[], index: number, fits: (cell: string) => boolean): boolean {
  const hits = block.filter((line) => fits(line[index] ?? '')).length
  return hits > 0 && hits * 2 >= block.length
}

function byNumber(rows: readonly Row[], typed: string): number | null {
  const plain = typed.normalize('NFKC').trim().replace(/番$/, '')
  if (!/^\d{1,3}$/.test(plain)) return null
  const at = rows.findIndex((row) => row.number === Number(plain) && row.editable)
  return at >= 0 ? at : null
}

/** Null also when two pupils share the name: then the number must tell. */
function byName(rows: readonly Row[], typed: string): number | null {
  const found = rows.flatMap((row, i) => (sameName(row.name, typed) ? [i] : []))
  return found.length === 1 ? found[0]! : null
}

/** Names compare character for character; only spaces do not count. */
function sameName(one: string, other: string): boolean {
  const bare = (name: string) => name.replace(/\s/gu, '')
  return bare(one) !== '' && bare(one) === bare(other)
}
