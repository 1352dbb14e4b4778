import { useLingui } from '@lingui/react/macro'
import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  type ClipboardEvent,
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
} from 'react'
import { Strip } from '~/parts/Strip'
import { useMedia } from '~/parts/useMedia'
import { GridRow, type CellView } from './GridRow'
import { press, type Digits, type Order } from './keys'
import { cellKey, isStale, mayEdit, reduce, valueAt, type Action, type Column, type GridState, type Row } from './model'
import { commit } from './parse'
import { copyOf, paste } from './paste'
import { saidWords } from './words'
import styles from './Grid.module.css'

/** Fewer rows than this stay in one half. */
const TWO_HALVES_FROM = 13

export interface GridProps {
  /** Name of the grid for screen readers. */
  readonly label: string
  readonly state: GridState
  /** What a choice says that has no value. */
  readonly unrecorded: string
  readonly onAct: (action: Action) => void
  /** What only the screen can do, with the state after anything just typed was committed. */
  readonly onOrder: (order: Order, state: GridState) => void
  /** What a cell says besides its value. */
  readonly note: (row: Row, column: Column) => Pick<CellView, 'look' | 'note'>
  /** True takes the focus when the grid appears. */
  readonly autoFocus?: boolean
}

/**
 * The record grid: one tab stop, real table headers, columns as data. The rules are in model, keys, paste and parse;
 * this file only draws and passes on. Two halves on wide windows; the order of the rows stays the register's.
 */
export function Grid({ label, state, unrecorded, onAct, onOrder, note, autoFocus = false }: GridProps) {
  const table = useRef<HTMLTableElement>(null)
  const digits = useRef<Digits | null>(null)
  const saidId = useId()
  const { rows, columns } = state.shape
  const wide = useMedia('screen and (min-width: 75em)')
  const half = wide && rows.length >= TWO_HALVES_FROM ? Math.ceil(rows.length / 2) : null
  const said = state.said && saidWords(state.said, state)

  function cellAt(row: number, col: number): HTMLElement | null {
    return table.current?.querySelector<HTMLElement>(`[data-cell="${row}-${col}"]`) ?? null
  }

  function focusCursor() {
    const cell = cellAt(state.cursor.row, state.cursor.col)
    const input = cell?.querySelector<HTMLInputElement | HTMLTextAreaElement>('input, textarea')
    const target = input ?? cell
    if (!target || target === document.activeElement) return
    target.focus()
    if (input && !state.editor) input.select()
  }

  useLayoutEffect(() => {
    if (table.current?.contains(document.activeElement)) focusCursor()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a move of the cursor moves the focus
  }, [state.cursor.row, state.cursor.col])

  useEffect(() => {
    if (autoFocus) focusCursor()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the grid appears
  }, [])

  /** Commits what is typed, then acts; a refusal keeps the editor open and does nothing else. */
  function after(actions: readonly Action[], order?: Order): boolean {
    const { ok, action } = commit(state)
    const all = ok ? [...(action ? [action] : []), ...actions] : action ? [action] : []
    all.forEach(onAct)
    if (ok && order) onOrder(order, all.reduce(reduce, state))
    return ok
  }

  function onKeyDown(event: KeyboardEvent<HTMLTableElement>) {
    const effect = press(state, pressOf(event), { now: event.timeStamp, digits: digits.current, half })
    if (!effect) return
    if (effect.digits !== undefined) digits.current = effect.digits
    if (effect.commit) {
      if (after(effect.actions, effect.order) && effect.leave) return
    } else {
      effect.actions.forEach(onAct)
      if (effect.order) onOrder(effect.order, state)
    }
    event.preventDefault()
    event.stopPropagation()
  }

  function onClick(event: MouseEvent<HTMLTableElement>) {
    const cell = (event.target as Element).closest<HTMLElement>('[data-cell]')
    if (!cell) return
    const [row = 0, col = 0] = (cell.dataset['cell'] ?? '').split('-').map(Number)
    digits.current = null
    if (row === state.cursor.row && col === state.cursor.col && state.editor) return
    if (after([{ type: 'go', row, col }]) && columns[col]?.kind === 'choice') {
      cell.focus()
      onOrder('point', reduce(state, { type: 'go', row, col }))
    }
  }

  function onBlur(event: FocusEvent<HTMLTableElement>) {
    if (!table.current?.contains(event.relatedTarget)) after([])
  }

  function onCopy(event: ClipboardEvent<HTMLTableElement>) {
    if (state.editor || getSelection()?.isCollapsed === false) return
    event.clipboardData.setData('text/plain', copyOf(state, [state.cursor.row], [state.cursor.col]))
    event.preventDefault()
  }

  function onPaste(event: ClipboardEvent<HTMLTableElement>) {
    const text = event.clipboardData.getData('text/plain')
    if (state.editor?.caret && !/[\t\n\r]/.test(text.trim())) return
    event.preventDefault()
    onAct(paste(state, text))
  }

  function view(row: Row, column: Column): CellView {
    const key = cellKey(row.id, column.id)
    const extra = note(row, column)
    return {
      value: valueAt(state, row.id, column.id),
      draft: state.drafts.has(key),
      look: isStale(state, key) ? 'stale' : extra.look,
      note: extra.note,
    }
  }

  const even = columns.some(({ kind }) => kind === 'text') ? undefined : ''
  return (
    <div className={styles.frame}>
      <div role="status" id={saidId} className={styles.said}>
        {said && (
          <Strip kind={said.kind}>
            <strong>{said.title}</strong>
            {said.lines.length > 0 && (
              <ul className={styles.lines}>
                {said.lines.map((line, i) => (
                  <li key={i}>{line}</li>
                ))}
              </ul>
            )}
          </Strip>
        )}
      </div>
      <div className={styles.room} data-even={even} style={{ '--half': half ?? rows.length } as React.CSSProperties}>
        <div className={styles.scroll}>
          <table
            ref={table}
            role="grid"
            aria-label={label}
            aria-rowcount={rows.length + 1}
            aria-colcount={columns.length + 2}
            aria-readonly={state.shape.locked}
            className={styles.grid}
            data-halves={half === null ? 1 : 2}
            data-even={even}
            style={{ '--tracks': tracks(columns) } as React.CSSProperties}
            onKeyDown={onKeyDown}
            onClick={onClick}
            onBlur={onBlur}
            onCopy={onCopy}
            onPaste={onPaste}
          >
            <thead role="rowgroup">
              <HeadRow columns={columns} />
              {half !== null && <HeadRow columns={columns} again />}
            </thead>
            <tbody role="rowgroup">
              {rows.map((row, i) => (
                <GridRow
                  key={row.id}
                  row={row}
                  index={i}
                  columns={columns}
                  cells={columns.map((column) => view(row, column))}
                  editable={mayEdit(state.shape, i)}
                  cursor={state.cursor.row === i ? state.cursor.col : -1}
                  editor={state.cursor.row === i ? state.editor : null}
                  describedBy={state.cursor.row === i && state.said?.kind === 'refused' ? saidId : undefined}
                  onAct={onAct}
                  unrecorded={row.editable ? unrecorded : '―'}
                />
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </div>
  )
}

function HeadRow({ columns, again = false }: { readonly columns: readonly Column[]; readonly again?: boolean }) {
  const { t } = useLingui()
  if (again)
    return (
      <tr aria-hidden="true" role="presentation" className={styles.row}>
        <td className={styles.head}>{t`番号`}</td>
        <td className={styles.head}>{t`氏名`}</td>
        {columns.map((column) => (
          <td key={column.id} className={styles.head}>
            {column.label}
          </td>
        ))}
      </tr>
    )
  return (
    <tr role="row" aria-rowindex={1} className={styles.row}>
      <th role="columnheader" scope="col" className={styles.head}>{t`番号`}</th>
      <th role="columnheader" scope="col" className={styles.head}>{t`氏名`}</th>
      {columns.map((column) => (
        <th key={column.id} role="columnheader" scope="col" className={styles.head}>
          {column.label}
        </th>
      ))}
    </tr>
  )
}

/** Widths by kind: marks and numbers keep theirs, names and texts share the rest. */
function tracks(columns: readonly Column[]): string {
  const one = columns.length === 1
  const width = { choice: one ? 'minmax(9rem, 1fr)' : '8.5rem', number: '5.5rem', text: 'minmax(10rem, 2fr)' }
  return ['2.75rem', 'minmax(8.5rem, 1.15fr)', ...columns.map(({ kind }) => width[kind])].join(' ')
}

function pressOf(event: KeyboardEvent): Parameters<typeof press>[1] {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only sign of WebKit's confirming Enter
  const { key, code, keyCode, ctrlKey, metaKey, shiftKey, altKey } = event
  return { key, code, keyCode, ctrlKey, metaKey, shiftKey, altKey, isComposing: event.nativeEvent.isComposing }
}
