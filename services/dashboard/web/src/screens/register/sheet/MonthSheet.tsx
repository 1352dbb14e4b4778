import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { memo, Suspense, useCallback, useRef, useState, type FocusEvent, type KeyboardEvent, type MouseEvent } from 'react'
import { monthDay, weekday, workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import { later } from '~/parts/later'
import { StatusMark } from '~/parts/StatusMark'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { AfterClosing } from './AfterClosing'
import { Closing } from './Closing'
import type { Counts, Month, MonthLine } from './data'
import { Notes } from './Notes'
import { besides, clashes, isTold, openDays, overs, stepped, sumsOf, symbolOf } from './rules'
import { Head, Sums } from './Sums'
import { BESIDE, KINDS, SIGNS } from './words'
import styles from './Page.module.css'

const WhyDialog = later(() => import('./WhyDialog'))

/** Days and clashes named one by one before the rest is only counted. */
const NAMED = 6
const BY_DAY: readonly (keyof Counts)[] = ['present', 'absent', 'apart', 'late', 'early']
const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

/** A cell that was asked about: its line and its day. */
interface Asked {
  readonly row: number
  readonly day: number
}

export function MonthSheet({ month }: { readonly month: Month }) {
  const { t } = useLingui()
  const [asked, setAsked] = useState<Asked | null>(null)
  const table = useRef<HTMLTableElement>(null)
  const sums = sumsOf(month.totals)
  const cellAt = (row: number, day: number) => table.current?.querySelector<HTMLElement>(`[data-at="${row}-${day}"]`)

  function walk(event: KeyboardEvent) {
    const step = STEPS[event.key]
    const from = placeOf(event.target)
    if (!step || !from || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    cellAt(...stepped(month, from.row, from.day, ...step))?.focus()
  }

  /** One stop of Tab for the whole sheet: where one was last. */
  function follow(event: FocusEvent) {
    if (!placeOf(event.target)) return
    for (const one of table.current?.querySelectorAll<HTMLElement>('[data-at][tabindex="0"]') ?? []) one.tabIndex = -1
    ;(event.target as HTMLElement).tabIndex = 0
  }

  const open = useCallback((event: MouseEvent) => {
    const place = placeOf((event.target as Element).closest('[data-at]'))
    if (place) setAsked(place)
  }, [])

  const first = firstTold(month)
  return (
    <>
      <Open month={month} onAsk={setAsked} />
      <Closing month={month} />
      <div className={styles.scroll} role="region" aria-label={t`出席簿の表`} tabIndex={0}>
        <table className={styles.sheet} ref={table} onKeyDown={walk} onFocus={follow} onClick={open}>
          <thead>
            <tr>
              <th scope="col" className={styles.number}>
                <Trans>番号</Trans>
              </th>
              <th scope="col" className={styles.name}>
                <Trans>氏名</Trans>
              </th>
              {month.days.map(({ on, kind, words }) => (
                <th key={on} scope="col" className={styles.day} data-kind={kind} data-week={weekday(on)} title={[workDay(on), ...words].join(' ')}>
                  <span>{Number(on.slice(8))}</span>
                  <span>{workDay(on).slice(-2, -1)}</span>
                </th>
              ))}
              <Head sums={sums} />
            </tr>
          </thead>
          <tbody>
            {month.lines.map((line, row) => (
              <Row key={line.pupil.id} month={month} line={line} row={row} sums={sums} first={first?.row === row ? first.day : undefined} />
            ))}
          </tbody>
          <tfoot>
            {BY_DAY.map((name) => (
              <DayRow key={name} month={month} name={name} sums={sums} />
            ))}
            <tr>
              <td className={styles.number} />
              <th scope="row" className={styles.name}>
                <Trans>学級の計</Trans>
              </th>
              <td colSpan={month.days.length} />
              <Sums counts={month.totals} sums={sums} />
            </tr>
          </tfoot>
        </table>
      </div>
      <Legend month={month} />
      <AfterClosing month={month} />
      <Notes ofClass={month.notes} lines={month.lines} />
      {asked && (
        <Suspense fallback={null}>
          <WhyDialog month={month} line={month.lines[asked.row]!} day={asked.day} onClose={() => setAsked(null)} />
        </Suspense>
      )}
    </>
  )
}

function placeOf(target: EventTarget | null): Asked | null {
  const at = target instanceof HTMLElement ? target.dataset['at'] : undefined
  if (at === undefined) return null
  const [row, day] = at.split('-').map(Number)
  return { row: row!, day: day! }
}

function firstTold(month: Month): Asked | null {
  for (const [row, { cells }] of month.lines.entries()) {
    const day = cells.findIndex(isTold)
    if (day >= 0) return { row, day }
  }
  return null
}

interface RowProps {
  readonly month: Month
  readonly line: MonthLine
  readonly row: number
  readonly sums: readonly (keyof Counts)[]
  /** The day of the sheet's first stop of Tab, when it is in this line. */
  readonly first: number | undefined
}

const Row = memo(function Row({ month, line, row, sums, first }: RowProps) {
  const { t, i18n } = useLingui()
  const name = fullName(line.pupil)
  return (
    <tr>
      <td className={styles.number}>{line.number ?? '―'}</td>
      <th scope="row" className={styles.name} title={[name, ...line.notes].join(' ')}>
        {name}
      </th>
      {line.cells.map((cell, day) => {
        const { on } = month.days[day]!
        const symbol = symbolOf(month, cell)
        const kind = KINDS[cell.kind]
        const clash = cell.contradiction !== null
        const looks = { 'data-kind': cell.kind, 'data-tint': symbol?.tint, 'data-clash': clash || cell.beside?.fits === false ? '' : undefined }
        if (!isTold(cell))
          return (
            <td key={on} {...looks}>
              {cell.glyph}
            </td>
          )
        const told = symbol?.word ?? (kind ? i18n._(kind) : '')
        // A sign of several letters is said, too: whoever speaks to the page says what they see.
        const own = cell.glyph.length > 1 && !told.includes(cell.glyph) ? `${cell.glyph} ${told}` : told
        const word = cell.beside ? t`${own} ${i18n._(BESIDE[cell.beside.kind])}（${cell.beside.word}）` : own
        return (
          <td key={on} {...looks}>
            <button type="button" data-at={`${row}-${day}`} tabIndex={first === day ? 0 : -1} aria-label={clash ? t`${name} ${monthDay(on)} ${word}、記録が食い違っています` : t`${name} ${monthDay(on)} ${word}`}>
              {cell.glyph}
            </button>
          </td>
        )
      })}
      <Sums counts={line.counts} sums={sums} />
    </tr>
  )
})

/** The class on each day: how many were there, and how many were not. */
function DayRow({ month, name, sums }: { readonly month: Month; readonly name: keyof Counts; readonly sums: readonly (keyof Counts)[] }) {
  const words: Partial<Record<keyof Counts, React.ReactNode>> = {
    present: <Trans>出席</Trans>,
    absent: <Trans>欠席</Trans>,
    apart: <Trans>出停・忌引等</Trans>,
    late: <Trans>遅刻</Trans>,
    early: <Trans>早退</Trans>,
  }
  return (
    <tr>
      <td className={styles.number} />
      <th scope="row" className={styles.name}>
        {words[name]}
      </th>
      {month.days.map(({ on, kind, counts }) => (
        <td key={on} data-kind={kind} data-zero={counts[name] === 0 ? '' : undefined}>
          {kind === 'lesson' || kind === 'closed' ? counts[name] : ''}
        </td>
      ))}
      <td colSpan={sums.length} className={styles.sum} />
    </tr>
  )
}

/** What must be settled before the month is right: open days first, then what two people tell differently. */
function Open({ month, onAsk }: { readonly month: Month; readonly onAsk: (asked: Asked) => void }) {
  const { t } = useLingui()
  const days = openDays(month)
  const { unconfirmed } = month.closing
  const told = clashes(month)
  const long = overs(month)
  return (
    <>
      {days.length > 0 && (
        <Strip kind="look">
          <span className={styles.open}>
            <Plural value={days.length} other="未入力の子がいる日が#日あります。入れるまで、出席にも欠席にも数えません。" />
            {days.slice(0, NAMED).map(({ on, children }) => (
              <Goto key={on} href={`/classes/${month.class_id}/days/${on}/roll`}>
                <Trans>
                  {monthDay(on)}（{children}人）
                </Trans>
              </Goto>
            ))}
            {days.length > NAMED && <Plural value={days.length - NAMED} other="ほか#日" />}
          </span>
        </Strip>
      )}
      {told.length > 0 && (
        <Strip kind="look">
          <span className={styles.open}>
            <Plural value={told.length} other="記録が食い違っているところが#か所あります。" />
            {told.slice(0, NAMED).map(({ line, day }) => (
              <Button key={`${line.pupil.id} ${day}`} look="text" size="small" onPress={() => onAsk({ row: month.lines.indexOf(line), day })}>
                {t`${fullName(line.pupil)} ${monthDay(month.days[day]!.on)}`}
              </Button>
            ))}
            {told.length > NAMED && <Plural value={told.length - NAMED} other="ほか#か所" />}
          </span>
        </Strip>
      )}
      {long.length > 0 && (
        <Strip kind="look">
          <span className={styles.open}>
            <Trans>市の定めより長い忌引があります。わけがあれば、このままでかまいません。</Trans>
            {long.slice(0, NAMED).map(({ line, day, over }) => (
              <span key={`${line.pupil.id} ${over.on}`}>
                <Button look="text" size="small" onPress={() => onAsk({ row: month.lines.indexOf(line), day })}>
                  {t`${fullName(line.pupil)} ${monthDay(over.on)}`}
                </Button>
                {t`${over.word}は${over.allowed}日まで、続けて${over.days}日`}
              </span>
            ))}
            {long.length > NAMED && <Plural value={long.length - NAMED} other="ほか#人" />}
          </span>
        </Strip>
      )}
      {unconfirmed.length > 0 && (
        <Strip kind="look">
          <span className={styles.open}>
            <Plural value={unconfirmed.length} other="全員の印があり、まだ確定していない日が#日あります。" />
            {unconfirmed.slice(0, NAMED).map((on) => (
              <Goto key={on} href={`/classes/${month.class_id}/days/${on}/roll`}>
                {monthDay(on)}
              </Goto>
            ))}
            {unconfirmed.length > NAMED && <Plural value={unconfirmed.length - NAMED} other="ほか#日" />}
          </span>
        </Strip>
      )}
    </>
  )
}

function Legend({ month }: { readonly month: Month }) {
  const { t, i18n } = useLingui()
  return (
    <ul className={styles.legend} aria-label={t`記号`}>
      {month.symbols.map((symbol) => (
        <li key={`${symbol.glyph} ${symbol.word}`}>
          <StatusMark glyph={symbol.glyph || t`・`} word={symbol.word} tint={symbol.tint} />
        </li>
      ))}
      {besides(month).map((kind) => (
        <li key={kind}>{i18n._(SIGNS[kind])}</li>
      ))}
      <li>
        <Trans>閉 学級閉鎖</Trans>
      </li>
      <li>
        <Trans>未 未入力</Trans>
      </li>
      <li>
        <Trans>― 在籍していない日</Trans>
      </li>
      <li className={panel.aside}>
        <Trans>印を押すと、だれがいつ入れたかが出ます</Trans>
      </li>
    </ul>
  )
}
