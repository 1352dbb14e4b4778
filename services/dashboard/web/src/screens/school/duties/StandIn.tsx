import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { useKeptForProof } from '~/app/proof'
import { addDays, workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { PickPerson } from '~/parts/PickPerson'
import { dutiesPath, KEY, type ClassDuties, type SchoolDuties, type StaffDuties } from './data'
import { proofOf, type FilledStandIn } from './filled'
import { busy, dutyWords, standIns } from './rules'
import styles from './Page.module.css'

interface StandInProps {
  readonly page: SchoolDuties
  readonly of: ClassDuties
  /** Of before one proved who one is. */
  readonly filled: FilledStandIn | undefined
  readonly onClose: () => void
}

/** Who takes this class on that day only. */
export function StandIn({ page, of, filled, onClose }: StandInProps) {
  const { t } = useLingui()
  const { send, sending, error } = useCommand(useMe().person.id)
  const queries = useQueryClient()
  const [staff, setStaff] = useState(filled?.staff ?? null)
  useKeptForProof(proofOf(page), error, { act: 'stand-in', of: of.class.id, staff } satisfies FilledStandIn)
  const [tried, setTried] = useState(false)
  const [name, day] = [of.class.name, workDay(page.date)]

  async function decide() {
    setTried(true)
    if (staff === null || sending) return
    const body = { staff, kind: 'substitute', class: of.class.id, since: page.date, until: addDays(page.date, 1) }
    if ((await send(dutiesPath(page.school.id), body)) === null) return
    await queries.invalidateQueries({ queryKey: [KEY, page.school.id] })
    onClose()
  }

  return (
    <Dialog open wide onClose={onClose} title={<Trans>{day}に{name}をみる人</Trans>}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void decide()
        }}
      >
        <p>
          <Trans>その日だけ、朝の記録をとれます。日付が変わると、ひとりでに終わります。</Trans>
        </p>
        <PickPerson
          first
          label={t`みる人`}
          value={staff}
          onChange={setStaff}
          people={standIns(page, of.class.id).map((one) => ({ person: one.person, note: <Held of={one} />, group: busy(one) ? t`その日に学級をもつ人` : t`その日に学級をもたない人` }))}
        />
        {tried && staff === null && (
          <p className={styles.missing} role="alert">
            <Trans>みる人をえらんでください</Trans>
          </p>
        )}
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit" shortcut="Enter">
            <Trans>この人が{name}をみる</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}

function Held({ of }: { readonly of: StaffDuties }) {
  return <>{of.duties.filter(({ holds }) => holds).map(dutyWords).join(' / ')}</>
}
