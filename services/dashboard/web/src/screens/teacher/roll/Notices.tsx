import { Trans, useLingui } from '@lingui/react/macro'
import { useEffect, useRef, type KeyboardEvent } from 'react'
import { byServer } from '~/api/http'
import { sourceWord } from '~/api/problem'
import type { Roll } from '~/api/types'
import { timeOf } from '~/dates/dates'
import { isEnter, letterOf } from '~/grid/ime'
import type { Row } from '~/grid/model'
import type { Entry } from '~/outbox/rules'
import { Button } from '~/parts/Button'
import { Strip } from '~/parts/Strip'
import { Why } from '~/parts/Why'
import type { Conflict } from './rules'
import { markWord } from './words'
import styles from './Notices.module.css'

interface NoticesProps {
  readonly roll: Roll
  readonly rows: readonly Row[]
  readonly entries: readonly Entry[]
  readonly conflicts: readonly Conflict[]
  /** Counts up when somebody wanted to go on past them: the first says that it comes first, and takes the focus. */
  readonly asked: number
  readonly onDecide: (conflict: Conflict, choice: 'mine' | 'theirs') => void
  readonly onTakeBack: (entry: Entry) => void
  readonly onRetry: (entry: Entry) => void
}

/** What must be looked at before the roll is right: each acts in place. */
export function Notices({ roll, rows, entries, conflicts, asked, onDecide, onTakeBack, onRetry }: NoticesProps) {
  const parked = entries.filter(({ state }) => state === 'parked')
  const clashes = roll.members.filter(({ cell }) => cell.contradiction !== null)
  if (!roll.closed && !parked.length && !conflicts.length && !clashes.length) return null
  return (
    <div className={styles.notices}>
      {roll.closed && (
        <Strip kind="plain">
          <strong>
            <Trans>出欠はとりません</Trans>
          </strong>
          <span className={styles.more}>{roll.closed.reason}</span>
        </Strip>
      )}
      {parked.map((entry) => (
        <Refused key={entry.id} entry={entry} onTakeBack={onTakeBack} onRetry={onRetry} />
      ))}
      {conflicts.map((conflict, i) => (
        <Decide key={conflict.pupil} roll={roll} rows={rows} conflict={conflict} asked={i === 0 ? asked : 0} onDecide={onDecide} />
      ))}
      {clashes.map(({ pupil, cell }) => (
        <Strip key={pupil.id} kind="wrong">
          <strong>
            <PupilWords rows={rows} pupil={pupil.id} />
          </strong>
          <span className={styles.more}>{cell.contradiction}</span>
        </Strip>
      ))}
    </div>
  )
}

function PupilWords({ rows, pupil }: { readonly rows: readonly Row[]; readonly pupil: string }) {
  const row = rows.find(({ id }) => id === pupil)
  const name = row?.name ?? ''
  const number = row?.number
  return number == null ? <Trans>{name}さん</Trans> : <Trans>{number}番 {name}さん</Trans>
}

function Refused({ entry, onTakeBack, onRetry }: { readonly entry: Entry } & Pick<NoticesProps, 'onTakeBack' | 'onRetry'>) {
  const { problem } = entry
  return (
    <Strip
      kind="wrong"
      live
      action={
        <>
          <Button size="small" onPress={() => onTakeBack(entry)}>
            <Trans>入力に戻して直す</Trans>
          </Button>
          <Button size="small" onPress={() => onRetry(entry)}>
            <Trans>もう一度送る</Trans>
          </Button>
        </>
      }
    >
      <strong>
        <Trans>届きませんでした。見て直す</Trans>
      </strong>
      {problem && (
        <span className={styles.more}>
          <Why problem={problem} />
        </span>
      )}
      {problem && problem.errors.length > 0 && (
        <ul className={styles.cells}>
          {problem.errors.map((one, i) => (
            <li key={i}>
              {(one.cell ?? one.field) !== undefined && <strong>{one.cell ?? one.field}: </strong>}
              {one.message}
            </li>
          ))}
        </ul>
      )}
    </Strip>
  )
}

interface DecideProps extends Pick<NoticesProps, 'roll' | 'rows' | 'asked' | 'onDecide'> {
  readonly conflict: Conflict
}

/** The same cell twice: both values with names and times; a person chooses, nothing is chosen beforehand. */
function Decide({ roll, rows, conflict, asked, onDecide }: DecideProps) {
  const { t } = useLingui()
  const [mine, theirs] = [markWord(roll.symbols, conflict.mine), markWord(roll.symbols, conflict.theirs)]
  const other = [conflict.source === null ? '' : sourceWord(conflict.source), conflict.who].filter(Boolean).join(' ') || t`ほかの人`
  const [at, mineAt] = [timeOf(conflict.at, roll.date), timeOf(byServer(conflict.mineAt), roll.date)]
  const question = useRef<HTMLDivElement>(null)
  // To the question, not to one of its answers: whoever presses Ctrl+Enter again has not chosen.
  useEffect(() => {
    if (asked === 0) return
    question.current?.focus()
    question.current?.scrollIntoView({ block: 'center' })
  }, [asked])

  function hold(event: KeyboardEvent) {
    if (!event.ctrlKey && !event.metaKey) return
    if (!isEnter(event.nativeEvent) && letterOf(event.nativeEvent) !== 'S') return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div ref={question} role="group" aria-label={t`どちらにしますか`} tabIndex={-1} className={styles.decide} onKeyDownCapture={hold}>
      <Strip
        kind="look"
        live
        action={
          <>
            <Button size="small" onPress={() => onDecide(conflict, 'mine')}>
              <Trans>「{mine}」にする</Trans>
            </Button>
            <Button size="small" onPress={() => onDecide(conflict, 'theirs')}>
              <Trans>「{theirs}」のままにする</Trans>
            </Button>
          </>
        }
      >
        {asked > 0 && (
          <p className={styles.first}>
            <Trans>先に、どちらにするか決めてください。</Trans>
            <span className={styles.keys}>
              <Trans>Tab でえらび、Enter で決めます。</Trans>
            </span>
          </p>
        )}
        <strong>
          <PupilWords rows={rows} pupil={conflict.pupil} />
        </strong>
        <span className={styles.more}>
          <Trans>
            {other}が {at} に「{theirs}」、あなたが {mineAt} に「{mine}」と入れました。どちらにしますか
          </Trans>
        </span>
      </Strip>
    </div>
  )
}
