import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { CircleAlert, CircleCheck, CloudOff, PencilLine } from 'lucide-react'
import type { Roll, RollMember, Taken } from '~/api/types'
import { timeOf } from '~/dates/dates'
import type { GridState } from '~/grid/model'
import { outbox } from '~/outbox/useOutbox'
import { Button } from '~/parts/Button'
import { Counts } from '~/parts/Counts'
import { fullName } from '~/parts/Name'
import { announced, asAnnounced, kept, lastCorrected, presentCode, rest, totals, type SyncState } from './rules'
import styles from './Bar.module.css'

const COUNTS = ['present', 'late', 'early', 'absent', 'apart'] as const

interface BarProps {
  readonly roll: Roll
  readonly state: GridState
  readonly sync: SyncState
  readonly unsent: number
  /** Cells that must be decided before 確定. */
  readonly undecided: number
  /** The pupil under the cursor; undefined where there is no cursor (phones: a child is opened by a tap). */
  readonly here: RollMember | null | undefined
  /** 確定; while something is undecided, the way to it. */
  readonly onConfirm: () => void
  readonly onSave: () => void
  readonly onCorrect: (member: RollMember) => void
}

/** Under the work: what state it is in, what it comes to, and the one act that finishes it. */
export function Bar(props: BarProps) {
  const { roll, state, sync, unsent } = props
  const sums = totals(state, roll.symbols)
  // On a day without a roll nobody is missing; what was entered before it was closed is still told.
  if (roll.closed && sync === 'open' && sums.unrecorded === sums.members) return null
  return (
    <div className={styles.bar}>
      <Sync roll={roll} sync={sync} unsent={unsent} entered={state.drafts.size} />
      <Counts of={sums} names={roll.closed ? COUNTS : [...COUNTS, 'unrecorded']} />
      <Acts {...props} />
    </div>
  )
}

function Sync({ roll, sync, unsent, entered }: { readonly roll: Roll; readonly sync: SyncState; readonly unsent: number; readonly entered: number }) {
  return (
    <p className={styles.sync} data-state={sync} role="status">
      <SyncWords roll={roll} sync={sync} unsent={unsent} entered={entered} />
    </p>
  )
}

function SyncWords({ roll, sync, unsent, entered }: Parameters<typeof Sync>[0]) {
  const taken = roll.taken
  if (sync === 'refused')
    return (
      <>
        <CircleAlert aria-hidden size="1.25rem" strokeWidth={1.75} />
        <Trans>届きませんでした。見て直す</Trans>
      </>
    )
  if (sync === 'unsent')
    return (
      <>
        <CloudOff aria-hidden size="1.25rem" strokeWidth={1.75} />
        <span>
          {outbox.durable ? (
            <Trans>
              この端末に保存しました。<Plural value={unsent} other="未送信 #件" />
            </Trans>
          ) : (
            <Trans>
              この端末には保存できません。閉じずにお待ちください。<Plural value={unsent} other="未送信 #件" />
            </Trans>
          )}
        </span>
      </>
    )
  if (sync === 'taken' && taken)
    return (
      <>
        <CircleCheck aria-hidden size="1.25rem" strokeWidth={1.75} />
        <TakenWords roll={roll} taken={taken} />
      </>
    )
  if (roll.closed) return null
  return (
    <>
      <PencilLine aria-hidden size="1.25rem" strokeWidth={1.75} />
      <span>
        <Trans>まだ確定していません</Trans>
        {entered > 0 ? (
          <small className={styles.by}>
            <Plural value={entered} other="#人を入力" />
          </small>
        ) : (
          <KeptWords roll={roll} />
        )}
      </span>
    </>
  )
}

/** What of the roll is kept already. */
function KeptWords({ roll }: { readonly roll: Roll }) {
  const { n, at } = kept(roll)
  const when = timeOf(at, roll.date)
  if (n === 0) return null
  return (
    <small className={styles.by}>
      <Trans>
        <Plural value={n} other="#人" />を保存してあります（{when}）
      </Trans>
    </small>
  )
}

/** The last that arrived: 確定, or a correction after it, with the child's number and when both were. */
function TakenWords({ roll, taken }: { readonly roll: Roll; readonly taken: Taken }) {
  const { t } = useLingui()
  const [takenAt, by] = [timeOf(taken.at, roll.date), fullName(taken.by)]
  const corrected = lastCorrected(roll)
  if (!corrected)
    return (
      <span>
        <Trans>{takenAt} に確定しました</Trans>
        <small className={styles.by}>{by}</small>
      </span>
    )
  const { number, pupil } = corrected.member
  const name = fullName(pupil)
  const child = number === null ? t`${name}さん` : t`${number}番`
  const at = timeOf(corrected.at, roll.date)
  return (
    <span>
      {at === '' ? <Trans>{child}の訂正を届けました</Trans> : <Trans>{at} に{child}の訂正を届けました</Trans>}
      {corrected.who !== '' && <small className={styles.by}>{corrected.who}</small>}
      <small className={styles.by}>
        <Trans>確定 {takenAt}</Trans>
      </small>
    </span>
  )
}

function Acts({ roll, state, undecided, here, onConfirm, onSave, onCorrect }: BarProps) {
  const { t } = useLingui()
  if (roll.closed) return null
  if (roll.taken)
    return roll.may.correct && here !== undefined ? (
      <div className={styles.acts}>
        <CorrectButton here={here} onCorrect={onCorrect} />
      </div>
    ) : null
  if (!roll.may.take)
    return (
      <p className={styles.only}>
        <Trans>この学級の記録は見るだけです</Trans>
      </p>
    )
  if (state.shape.locked) return null
  const left = rest(state).length
  const members = state.shape.rows.filter(({ editable }) => editable).length
  const told = asAnnounced(state, announced(roll)).length
  const off = presentCode(roll.symbols) === null ? t`出席の印が決まっていません。教育委員会の設定を確かめてください` : undefined
  return (
    <div className={styles.acts}>
      {state.drafts.size > 0 && left > 0 && (
        <Button onPress={onSave} shortcut="Ctrl+S">
          <Plural value={state.drafts.size} other="ここまでを保存（#人）" />
        </Button>
      )}
      <Button look="filled" onPress={onConfirm} off={off} shortcut="Ctrl+Enter">
        {undecided > 0 ? (
          <Plural value={undecided} other="先に#人を決める" />
        ) : left > 0 && told > 0 ? (
          <Trans>
            残り{left}人を出席・連絡{told}人は連絡どおりにして確定
          </Trans>
        ) : left > 0 ? (
          <Plural value={left} other="残り#人を出席にして確定" />
        ) : (
          <Plural value={members} other="#人の出欠を確定" />
        )}
      </Button>
    </div>
  )
}

interface CorrectButtonProps {
  readonly here: RollMember | null
  readonly onCorrect: (member: RollMember) => void
}

function CorrectButton({ here, onCorrect }: CorrectButtonProps) {
  const { t } = useLingui()
  const number = here?.number
  const off = !here ? t`訂正する子をえらんでください` : here.exchange ? t`ほかの学級で記録する子は、ここでは訂正できません` : undefined
  return (
    <Button onPress={() => here && onCorrect(here)} off={off}>
      {number == null ? <Trans>訂正する</Trans> : <Trans>{number}番を訂正する</Trans>}
    </Button>
  )
}
