import type { ReactNode } from 'react'
import panel from './Panel.module.css'

export interface TableColumn<Row> {
  readonly head: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** True of numbers: they stand at the end of their cell, and a zero steps back. */
  readonly number?: boolean
  /** True leaves the column out on a phone. */
  readonly wide?: boolean
}

interface TableProps<Row> {
  readonly rows: readonly Row[]
  /** What tells a row from the others. */
  readonly id: (row: Row) => string
  /** The first one names the row. */
  readonly columns: readonly TableColumn<Row>[]
}

/** Rows to read, not to write in (that is the grid). Stands in a `Block` with `table`. */
export function Table<Row>({ rows, id, columns }: TableProps<Row>) {
  return (
    <table className={panel.table}>
      <thead>
        <tr>
          {columns.map(({ head, number, wide }, i) => (
            <th key={i} scope="col" data-n={number ? '' : undefined} className={wide ? panel.wide : undefined}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={id(row)}>{columns.map((column, i) => (i === 0 ? <th key={i} scope="row">{column.cell(row)}</th> : <Cell key={i} row={row} column={column} />))}</tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell<Row>({ row, column }: { readonly row: Row; readonly column: TableColumn<Row> }) {
  const content = column.cell(row)
  return (
    <td data-n={column.number ? (content === 0 ? '0' : '') : undefined} className={column.wide ? panel.wide : undefined}>
      {content}
    </td>
  )
}
