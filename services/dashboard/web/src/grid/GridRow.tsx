import { memo } from 'react'
import { StatusMark } from '~/parts/StatusMark'
import type { Action, Column, Editor, Row } from './model'
import { print } from './parse'
import styles from './Grid.module.css'

/** What a cell shows. */
export interface CellView {
  readonly value: string | null
  /** Entered here, not saved yet. */
  readonly draft: boolean
  /** `stale`: somebody else entered another value; `clash`: facts contradict each other; `wrong`: refused. */
  readonly look: 'stale' | 'clash' | 'wrong' | undefined
  /** A few words after the value: who said it, or the other value. */
  readonly note: string
}

interface GridRowProps {
  readonly row: Row
  readonly index: number
  readonly columns: readonly Column[]
  readonly cells: readonly CellView[]
  readonly editable: boolean
  /** Column under the cursor, or -1. */
  readonly cursor: number
  readonly editor: Editor | null
  readonly describedBy: string | undefined
  readonly onAct: (action: Action) => void
  readonly unrecorded: string
}

/** One pupil. Drawn again only when something of this row changed. */
export const GridRow = memo(function GridRow(props: GridRowProps) {
  const { row, index, columns, cells, editable, cursor, editor, describedBy, onAct, unrecorded } = props
  return (
    <tr
      role="row"
      aria-rowindex={index + 2}
      className={styles.row}
      data-fifth={(index + 1) % 5 === 0 ? '' : undefined}
      data-here={cursor >= 0 ? '' : undefined}
      data-foreign={row.editable ? undefined : ''}
    >
      <td role="gridcell" className={styles.number}>
        {row.number ?? ''}
      </td>
      <th role="rowheader" scope="row" className={styles.name}>
        <span className={styles.full}>{row.name}</span>
        {row.reading !== '' && (
          <span className={styles.kana} aria-hidden="true">
            {row.reading}
          </span>
        )}
        {row.tag !== '' && <span className={styles.tag}>{row.tag}</span>}
      </th>
      {columns.map((column, col) => {
        const cell = cells[col]!
        const here = cursor === col
        return (
          <td
            key={column.id}
            role="gridcell"
            data-cell={`${index}-${col}`}
            className={styles.cell}
            tabIndex={here && (column.kind === 'choice' || !editable) ? 0 : -1}
            data-kind={column.kind}
            data-cursor={here ? '' : undefined}
            data-draft={cell.draft ? '' : undefined}
            data-look={cell.look}
            data-empty={cell.value === null ? '' : undefined}
            aria-readonly={editable ? undefined : true}
            aria-describedby={here ? describedBy : undefined}
          >
            {here && editable && column.kind !== 'choice' ? (
              <CellEditor column={column} row={row} value={cell.value} editor={editor} onAct={onAct} />
            ) : (
              <CellValue column={column} cell={cell} unrecorded={unrecorded} />
            )}
          </td>
        )
      })}
    </tr>
  )
}, sameRow)

function CellValue({ column, cell, unrecorded }: { readonly column: Column; readonly cell: CellView; readonly unrecorded: string }) {
  const choice = column.kind === 'choice' ? column.choices.find(({ code }) => code === cell.value) : undefined
  return (
    <>
      {cell.value === null ? (
        <span className={styles.none}>{column.kind === 'choice' ? unrecorded : ''}</span>
      ) : choice ? (
        <StatusMark glyph={choice.glyph} word={choice.word} tint={choice.tint} />
      ) : (
        <span>{print(column, cell.value)}</span>
      )}
      {cell.note !== '' && <span className={styles.note}>{cell.note}</span>}
    </>
  )
}

interface CellEditorProps {
  readonly column: Column
  readonly row: Row
  readonly value: string | null
  readonly editor: Editor | null
  readonly onAct: (action: Action) => void
}

/** A real input under the cursor, so that the first kana of a conversion is not lost. */
function CellEditor({ column, row, value, editor, onAct }: CellEditorProps) {
  const text = editor ? editor.text : print(column, value)
  const label = `${row.name} ${column.label}`
  const type = (typed: string) => onAct({ type: 'edit', text: typed, caret: true })
  if (column.kind === 'number')
    return (
      <input
        className={styles.input}
        inputMode="decimal"
        autoComplete="off"
        aria-label={label}
        value={text}
        onChange={(event) => type(event.target.value)}
      />
    )
  return (
    <textarea
      className={styles.input}
      rows={1}
      autoComplete="off"
      aria-label={label}
      value={text}
      onChange={(event) => type(event.target.value)}
    />
  )
}

function sameRow(before: GridRowProps, after: GridRowProps): boolean {
  return (
    before.row === after.row &&
    before.index === after.index &&
    before.columns === after.columns &&
    before.editable === after.editable &&
    before.cursor === after.cursor &&
    before.editor === after.editor &&
    before.describedBy === after.describedBy &&
    before.onAct === after.onAct &&
    before.unrecorded === after.unrecorded &&
    before.cells.every((cell, i) => sameCell(cell, after.cells[i]))
  )
}

function sameCell(one: CellView, other: CellView | undefined): boolean {
  return other !== undefined && one.value === other.value && one.draft === other.draft && one.look === other.look && one.note === other.note
}
