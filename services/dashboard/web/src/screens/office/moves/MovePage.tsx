import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { Choose, Field } from '~/parts/Field'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import '../words'
import { Certificates } from './Certificates'
import { KEY, movePath, moveQuery, roomsQuery, type Move, type Step } from './data'
import { Missing } from './MoveForm'
import { datesOf, transferredOn } from './rules'
import styles from './Page.module.css'

const route = getRouteApi('/inside/moves/$moveId')

/** One move: its days, its steps and whose turn it is. */
export default function MovePage() {
  const { t } = useLingui()
  const { moveId } = route.useParams()
  const { data, error, again } = useRead(moveQuery(moveId))
  useScreen(t`転出入`)
  const places = data ? [data.from_school?.name ?? data.elsewhere?.name ?? '', data.to_school?.name ?? data.elsewhere?.name ?? ''] : []
  return (
    <div className={panel.screen}>
      <Place title={data ? fullName(data.pupil) : t`転出入`} of={data ? [data.grade_word, places.join(' → ')] : []} />
      {data ? <Work move={data} /> : error ? <CannotRead error={error} what={t`転出入`} onRetry={again} /> : <LoadingRows rows={8} />}
    </div>
  )
}

/** What somebody is at, and the move as they saw it: what others change meanwhile is not written over unseen. */
interface Doing {
  readonly what: 'place' | 'dates' | 'undo'
  readonly move: Move
}

function Work({ move }: { readonly move: Move }) {
  const [doing, setDoing] = useState<Doing | null>(null)
  const begin = (what: Doing['what']) => setDoing({ what, move })
  const close = () => setDoing(null)
  return (
    <>
      {move.undone_at !== null && (
        <Strip kind="plain">
          <Trans>この転出入は取り消されました。在籍と学級は、届ける前のとおりです。</Trans>
        </Strip>
      )}
      {move.provisional && (
        <Strip kind="look">
          <Trans>前の学校の証明書がまだそろっていません（仮の受け入れ）。</Trans>
        </Strip>
      )}
      <dl className={styles.dates}>
        <Date word={<Trans>最後に登校する日</Trans>} day={move.left_on} />
        <Date word={<Trans>転学日（受け入れる日の前の日）</Trans>} day={move.transferred_on} />
        <Date word={<Trans>受け入れる日</Trans>} day={move.accepted_on} />
        {move.kind !== 'leaving' && (
          <div>
            <dt>
              <Trans>入る学級</Trans>
            </dt>
            <dd>
              {move.placed ? (
                <>
                  {move.placed.name} {move.number !== null && <Trans>{move.number}番</Trans>}
                </>
              ) : (
                <Trans>まだ決まっていません</Trans>
              )}
            </dd>
          </div>
        )}
      </dl>
      <div className={styles.buttons}>
        {move.may.place && (
          <Button look={move.turn === 'placed' ? 'filled' : 'line'} onPress={() => begin('place')}>
            <Trans>学級を決める</Trans>
          </Button>
        )}
        {move.may.change && (
          <>
            <Button look={move.turn === 'acceptance_known' ? 'filled' : 'line'} onPress={() => begin('dates')}>
              {move.kind === 'leaving' && move.accepted_on === null ? <Trans>受け入れた日を入れる</Trans> : <Trans>日付を直す</Trans>}
            </Button>
            <Button onPress={() => begin('undo')}>
              <Trans>転出入を取り消す</Trans>
            </Button>
          </>
        )}
      </div>
      <div className={panel.two}>
        <Block title={<Trans>手続き</Trans>}>
          <ol className={styles.steps}>
            {move.steps.map((step) => (
              <OneStep key={step.step} move={move} step={step} />
            ))}
          </ol>
        </Block>
        {move.may.certify && <Certificates move={move} />}
      </div>
      {doing?.what === 'place' && <PlaceDialog move={doing.move} onClose={close} />}
      {doing?.what === 'dates' && <DatesDialog move={doing.move} onClose={close} />}
      {doing?.what === 'undo' && <UndoDialog move={doing.move} onClose={close} />}
    </>
  )
}

function Date({ word, day }: { readonly word: React.ReactNode; readonly day: Day | null }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{day ? workDay(day) : <Trans>まだ分かりません</Trans>}</dd>
    </div>
  )
}

function useAct(move: Move) {
  const { send, sending, error } = useCommand(useMe().person.id)
  const queries = useQueryClient()
  async function act(path: string, body: unknown): Promise<boolean> {
    if (sending || (await send(movePath(move.id, path), body)) === null) return false
    await queries.invalidateQueries({ queryKey: [KEY] })
    return true
  }
  return { act, error }
}

function OneStep({ move, step }: { readonly move: Move; readonly step: Step }) {
  const me = useMe()
  const { act, error } = useAct(move)
  const id = useId()
  const done = step.done_on !== null
  return (
    <li className={styles.step} data-turn={step.step === move.turn ? '' : undefined}>
      <span className={styles.mark} aria-hidden="true">
        {done ? '✓' : ''}
      </span>
      <span id={id}>
        {step.word}
        <span className={styles.note}>
          {step.school?.name} {step.done_on !== null ? <Trans>{workDay(step.done_on)} 済み</Trans> : step.step === move.turn ? <Trans>つぎ</Trans> : null} {step.by ? fullName(step.by) : ''}
        </span>
        <Refused error={error} />
      </span>
      {step.may_tick && (
        <Button size="small" onPress={() => void act('steps', { step: step.step, on: done ? null : me.today })} aria-describedby={id}>
          {done ? <Trans>もどす</Trans> : <Trans>済ませた</Trans>}
        </Button>
      )}
    </li>
  )
}

interface DialogProps {
  readonly move: Move
  readonly onClose: () => void
}

function PlaceDialog({ move, onClose }: DialogProps) {
  const { t } = useLingui()
  const { act, error } = useAct(move)
  const rooms = useQuery(roomsQuery(move.to_school?.id ?? '', move.accepted_on ?? '', move.grade))
  const [classId, setClass] = useState(move.placed?.id ?? '')
  const [number, setNumber] = useState(move.number === null ? '' : String(move.number))
  const digits = number.normalize('NFKC').trim()
  const wrong = digits === '' || /^[1-9]\d?$/.test(digits) ? undefined : t`1から99までの数にしてください`
  const choose = (id: string) => {
    setClass(id)
    const room = rooms.data?.find((one) => one.id === id)
    setNumber(room ? String(room.next_number) : '')
  }
  return (
    <Dialog open onClose={onClose} title={<Trans>{fullName(move.pupil)}さんの学級を決める</Trans>}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (classId === '' || wrong !== undefined) return
          void act('place', { seen: move.revision, class_id: classId, number: digits === '' ? null : Number(digits) }).then((ok) => ok && onClose())
        }}
      >
        <Choose
          label={t`学級`}
          required
          value={classId}
          onChange={choose}
          options={[{ value: '', word: t`えらんでください` }, ...(rooms.data ?? []).map((room) => ({ value: room.id, word: t`${room.name}（いま${room.members}人）` }))]}
        />
        <Field label={t`出席番号`} required={false} inputMode="numeric" value={number} onChange={setNumber} wrong={wrong} />
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit" off={classId === '' ? t`学級をえらんでください` : undefined}>
            <Trans>この学級に決める</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}

function DatesDialog({ move, onClose }: DialogProps) {
  const { t } = useLingui()
  const me = useMe()
  const { act, error } = useAct(move)
  const [left, accepted] = [useDay(move.left_on), useDay(move.accepted_on)]
  const [tried, setTried] = useState(false)
  const transferred = transferredOn(accepted.day)
  const missing = [dayMissing(t`最後に登校する日`, left, move.kind !== 'arriving'), dayMissing(t`受け入れる日`, accepted, move.kind !== 'leaving')].filter((each) => each !== false)
  return (
    <Dialog open onClose={onClose} title={<Trans>転出入の日付</Trans>}>
      <form
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
            setTried(true)
            if (missing.length > 0) return
            void act('dates', datesOf(move, left.day, accepted.day)).then((ok) => ok && onClose())
        }}
      >
        <DayField label={t`最後に登校する日`} required={move.kind !== 'arriving'} {...left.field} today={me.today} />
        <DayField label={t`受け入れる日`} required={move.kind !== 'leaving'} {...accepted.field} today={me.today} />
        {transferred !== null && (
          <p className={styles.computed} role="status">
            <Trans>転学日は{workDay(transferred)}になります。</Trans>
          </p>
        )}
        {tried && <Missing told={missing} />}
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit">
            <Trans>この日付にする</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}

function UndoDialog({ move, onClose }: DialogProps) {
  const { act, error } = useAct(move)
  return (
    <Dialog open onClose={onClose} title={<Trans>{fullName(move.pupil)}さんの転出入を取り消す</Trans>}>
      <p>
        <Trans>在籍と学級が、届ける前のとおりに戻ります。両方の学校の一覧には「取り消し」と残ります。</Trans>
      </p>
      <DialogEnd error={error} onClose={onClose}>
        <Button look="filled" onPress={() => void act('undo', { seen: move.revision }).then((ok) => ok && onClose())}>
          <Trans>転出入を取り消す</Trans>
        </Button>
      </DialogEnd>
    </Dialog>
  )
}
