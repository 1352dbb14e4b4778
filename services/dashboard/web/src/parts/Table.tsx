import type { ReactNode } from 'react'
import { counted } from './counted'
import panel from './Panel.module.css'
import { useMedia } from './useMedia'

export interface TableColumn<Row> {
  readonly head: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** True of numbers: they stand at the end of their cell with their digits grouped, and a zero steps back. */
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
  /** On a phone every row is a block of its own, its cells below each other: for sentences and buttons, not for counts. */
  readonly stacked?: boolean
}

/** Rows to read, not to write in (that is the grid). Stands in a `Block` with `table`. */
export function Table<Row>({ rows, id, columns, stacked = false }: TableProps<Row>) {
  const narrow = useMedia('screen and (max-width: 47.9375em)')
  if (stacked && narrow) return <Stack rows={rows} id={id} columns={columns} />
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

function Stack<Row>({ rows, id, columns: [name, ...others] }: TableProps<Row>) {
  return (
    <ul className={panel.stack}>
      {rows.map((row) => (
        <li key={id(row)}>
          {name?.cell(row)}
          <dl>
            {others.map(({ head, cell }, i) => (
              <div key={i}>
                <dt>{head}</dt>
                <dd>{cell(row)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  )
}

function Cell<Row>({ row, column }: { readonly row: Row; readonly column: TableColumn<Row> }) {
  const content = column.cell(row)
  return (
    <td data-n={column.number ? (content === 0 ? '0' : '') : undefined} className={column.wide ? panel.wide : undefined}>
      {column.number && typeof content === 'number' ? counted(content) : content}
    </td>
  )
}
