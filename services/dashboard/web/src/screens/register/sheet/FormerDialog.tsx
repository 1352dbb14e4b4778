import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { Choose, Field } from '~/parts/Field'
import { fullName } from '~/parts/Name'
import { TextLine } from '~/parts/TextLine'
import panel from '~/parts/Panel.module.css'
import { registerPath, YEAR, type Paper, type YearLine } from './data'
import { numberOf } from './rules'
import { PAPERS } from './words'
import styles from './Page.module.css'

const NUMBERS = ['days', 'apart', 'absent', 'late', 'early'] as const
type Name = (typeof NUMBERS)[number]
const REASON_MAX = 100

/** Days of the former school as its paper says them. What follows is counted and shown while they are written. */
export default function FormerDialog({ classId, line, onClose }: { readonly classId: string; readonly line: YearLine; readonly onClose: () => void }) {
  const { t, i18n } = useLingui()
  const { person, today } = useMe()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand(person.id)
  const { former } = line
  const [school, setSchool] = useState(former?.school ?? '')
  const [source, setSource] = useState<Paper>(former?.source ?? 'record_copy')
  const on = useDay(former?.told_on ?? null)
  const [texts, setTexts] = useState<Readonly<Record<Name, string>>>(() => Object.fromEntries(NUMBERS.map((name) => [name, former ? String(former.sums[name]) : name === 'late' || name === 'early' ? '0' : ''])) as Record<Name, string>)
  const [reason, setReason] = useState('')
  const read = Object.fromEntries(NUMBERS.map((name) => [name, numberOf(texts[name])])) as Record<Name, number | null>
  const labels: Record<Name, string> = { days: t`授業日数`, apart: t`出席停止・忌引等の日数`, absent: t`欠席日数`, late: t`遅刻の日数`, early: t`早退の日数` }
  const noDay = dayMissing(t`書類の日付`, on, true)
  const blank = NUMBERS.find((name) => read[name] === null)
  const off =
    school.trim() === '' ? t`前の学校を書いてください` : noDay !== false ? noDay : blank ? t`${labels[blank]}を数で書いてください` : former && reason.trim() === '' ? t`直すわけを書いてください` : undefined

  async function save(said: object | null) {
    if (sending) return
    const done = await send(`${registerPath(classId, YEAR)}/former`, { pupil: line.pupil.id, seen: line.seen, said, reason: reason.trim() })
    await queries.invalidateQueries({ queryKey: ['register'] })
    if (done !== null) onClose()
  }

  const due = read.days === null || read.apart === null ? null : read.days - read.apart
  const present = due === null || read.absent === null ? null : due - read.absent
  return (
    <Dialog open onClose={onClose} title={<Trans>{fullName(line.pupil)} 前の学校の日数</Trans>}>
      <form
        className={styles.why}
        onSubmit={(event) => {
          event.preventDefault()
          if (off === undefined) void save({ school: school.trim(), source, told_on: on.day, ...read })
        }}
        onChange={forget}
      >
        <Field label={<Trans>前の学校</Trans>} required value={school} maxLength={60} onChange={setSchool} autoFocus />
        <div className={styles.pair}>
          <Choose label={<Trans>もとの書類</Trans>} value={source} options={(Object.keys(PAPERS) as Paper[]).map((value) => ({ value, word: i18n._(PAPERS[value]) }))} onChange={(value) => setSource(value as Paper)} />
          <DayField label={t`書類の日付`} required today={today} {...on.field} />
        </div>
        <div className={styles.pair}>
          {NUMBERS.map((name) => (
            <Field
              key={name}
              label={labels[name]}
              value={texts[name]}
              inputMode="numeric"
              wrong={texts[name].trim() !== '' && read[name] === null ? t`120 のように数で書いてください。` : undefined}
              onChange={(text) => setTexts({ ...texts, [name]: text })}
            />
          ))}
        </div>
        {due !== null && present !== null && (
          <p className={panel.aside} role="status">
            <Trans>
              出席しなければならない日数 {due}日、出席日数 {present}日
            </Trans>
          </p>
        )}
        {former && <TextLine label={t`直すわけ`} required max={REASON_MAX} value={reason} onChange={setReason} />}
        <DialogEnd error={error} onClose={onClose}>
          {former && (
            <Button onPress={() => void save(null)} off={reason.trim() === '' ? t`直すわけを書いてください` : undefined}>
              <Trans>入れたものを消す</Trans>
            </Button>
          )}
          <Button look="filled" type="submit" off={off}>
            <Trans>前の学校の日数を保存する</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}
