import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { useKeptForProof } from '~/app/proof'
import { addDays, workDay, type Day } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { Choose } from '~/parts/Field'
import { fullName } from '~/parts/Name'
import { PickPerson } from '~/parts/PickPerson'
import { Tiles } from '~/parts/Tiles'
import { candidatesQuery, dutiesPath, KEY, type Duty, type SchoolDuties } from './data'
import { proofOf, type FilledGive } from './filled'
import { dutyWords, receivers } from './rules'
import styles from './Page.module.css'

interface GiveDutyProps {
  readonly page: SchoolDuties
  readonly staff: string | null
  /** Of before one proved who one is. */
  readonly filled: FilledGive | undefined
  readonly onClose: () => void
}

/** A duty with the day it holds from; whoever it is taken over from is asked about, not guessed. */
export function GiveDuty({ page, staff: given, filled, onClose }: GiveDutyProps) {
  const { t } = useLingui()
  const me = useMe()
  const { send, sending, error } = useCommand(me.person.id)
  const queries = useQueryClient()
  const [kind, setKind] = useState(filled?.kind ?? null)
  const [classId, setClass] = useState(filled?.classId ?? '')
  const [staff, setStaff] = useState(filled ? filled.staff : given)
  const [first, final] = [useDay(filled ? filled.since : page.today), useDay(filled?.last ?? null)]
  const [since, last] = [first.day, final.day]
  const [instead, setInstead] = useState<readonly string[]>(filled?.instead ?? [])
  const [find, setFind] = useState('')
  const [tried, setTried] = useState(false)
  useKeptForProof(proofOf(page), error, { act: 'give', kind, classId, staff, since, last, instead } satisfies FilledGive)
  const found = useQuery({ ...candidatesQuery(page.school.id, find), enabled: page.may.anybody && find !== '' })
  const kinds = page.kinds.filter(({ code }) => code !== 'substitute')
  const needs = kinds.find(({ code }) => code === kind)?.needs
  const others = since === null ? [] : holders(page, kind, classId, since, staff)
  const missing =
    kind === null
      ? t`職務をえらんでください`
      : needs === 'class' && classId === ''
        ? t`学級をえらんでください`
        : staff === null
          ? t`職員をえらんでください`
          : dayMissing(t`始まりの日`, first, true) || dayMissing(t`最後の日`, final, false) || null

  async function give() {
    setTried(true)
    if (missing !== null || since === null || sending) return
    const body = {
      staff,
      kind,
      class: needs === 'none' || classId === '' ? null : classId,
      since,
      until: last === null ? null : addDays(last, 1),
      instead_of: instead.filter((id) => others.some((duty) => duty.id === id)),
    }
    if ((await send(dutiesPath(page.school.id), body)) === null) return
    await queries.invalidateQueries({ queryKey: [KEY, page.school.id] })
    onClose()
  }

  return (
    <Dialog open wide onClose={onClose} title={<Trans>職務を決める</Trans>}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void give()
        }}
      >
        <Tiles label={t`職務`} value={kind} onChange={setKind} tiles={kinds.map(({ code, word }) => ({ value: code, content: word }))} />
        {(needs === 'class' || needs === 'maybe') && (
          <Choose
            label={t`学級`}
            required={needs === 'class'}
            value={classId}
            onChange={setClass}
            options={[
              { value: '', word: needs === 'class' ? t`えらんでください` : t`学級を決めない` },
              ...page.classes.toSorted((a, b) => a.class.name.localeCompare(b.class.name, 'ja')).map((one) => ({ value: one.class.id, word: one.class.name })),
            ]}
          />
        )}
        <PickPerson label={t`職員`} value={staff} onChange={setStaff} people={receivers(page, found.data?.staff ?? [], me.person.id)} onFind={setFind} />
        {page.staff.some(({ person }) => person.id === me.person.id) && (
          <p className={styles.span}>
            <Trans>自分の職務は、自分では決められないため、一覧にありません。</Trans>
          </p>
        )}
        <div className={styles.two}>
          <DayField label={t`始まりの日`} required {...first.field} today={page.today} />
          <DayField label={t`最後の日`} required={false} {...final.field} today={page.today} empty={t`終わりを決めない（学級の職務は年度の終わりまで）`} />
        </div>
        {others.map((duty) => (
          <Instead key={duty.id} duty={duty} since={since ?? page.today} on={instead.includes(duty.id)} onChange={(on) => setInstead(on ? [...instead, duty.id] : instead.filter((id) => id !== duty.id))} />
        ))}
        {tried && missing !== null && (
          <p className={styles.missing} role="alert">
            {missing}
          </p>
        )}
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit">
            <Trans>この職務を決める</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}

interface InsteadProps {
  readonly duty: Duty
  readonly since: Day
  readonly on: boolean
  readonly onChange: (on: boolean) => void
}

function Instead({ duty, since, on, onChange }: InsteadProps) {
  const [who, what, last] = [fullName(duty.staff), dutyWords(duty), workDay(addDays(since, -1))]
  return (
    <label className={styles.instead}>
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />
      <span>
        <Trans>
          いまの{what} {who}さんは、{last}までにする
        </Trans>
      </span>
    </label>
  )
}

const SINGLE: readonly string[] = ['homeroom', 'principal', 'vice_principal']

/** Others who hold the same duty of the class, or of the school where it has one holder. */
function holders(page: SchoolDuties, kind: string | null, classId: string, since: Day, staff: string | null): readonly Duty[] {
  if (kind === null || !SINGLE.includes(kind)) return []
  return page.staff
    .flatMap(({ duties }) => duties)
    .filter((duty) => duty.kind === kind && duty.staff.id !== staff && (duty.class?.id ?? '') === (kind === 'homeroom' ? classId : ''))
    .filter((duty) => duty.since < since && (duty.until === null || duty.until > since))
}
