import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { useKeptForProof } from '~/app/proof'
import { addDays, workDay, type Day } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { DayField } from '~/parts/DayField'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { fullName } from '~/parts/Name'
import { endPath, KEY, type Duty, type SchoolDuties } from './data'
import { proofOf, type FilledEnd } from './filled'
import { dutyWords } from './rules'
import { Span } from './Staff'
import styles from './Page.module.css'

interface EndDutyProps {
  readonly page: SchoolDuties
  readonly duty: Duty
  /** Of before one proved who one is. */
  readonly filled: FilledEnd | undefined
  readonly onClose: () => void
}

/** The last day of a duty, with what that means for whoever holds it. */
export function EndDuty({ page, duty, filled, onClose }: EndDutyProps) {
  const { t } = useLingui()
  const { send, sending, error } = useCommand(useMe().person.id)
  const queries = useQueryClient()
  const future = duty.since > page.today
  const [last, setLast] = useState<Day | null>(filled ? filled.last : addDays(future ? duty.since : page.today, -1))
  useKeptForProof(proofOf(page), error, { act: 'end', duty: duty.id, last } satisfies FilledEnd)
  const [who, what] = [fullName(duty.staff), dutyWords(duty)]
  const never = last !== null && last < duty.since

  async function end() {
    if (last === null || sending) return
    if ((await send(endPath(page.school.id, duty.id), { until: addDays(last, 1) })) === null) return
    await queries.invalidateQueries({ queryKey: [KEY, page.school.id] })
    onClose()
  }

  const from = last === null ? '' : workDay(addDays(last, 1))
  return (
    <Dialog open onClose={onClose} title={<Trans>{who}さんの{what}を終える</Trans>}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void end()
        }}
      >
        <p className={styles.span}>
          <Span since={duty.since} until={duty.until} />
        </p>
        <DayField label={t`最後の日`} required value={last} onChange={setLast} today={page.today} />
        {last !== null && (
          <p role="status">
            {never ? (
              <Trans>この職務は、はじめからなかったことになります。</Trans>
            ) : (
              <Trans>{from}から、この職務で見られたもの・できたことが使えなくなります。開いている画面も閉じます。</Trans>
            )}
          </p>
        )}
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit" shortcut="Enter">
            {never ? <Trans>職務を取り消す</Trans> : <Trans>職務を終える</Trans>}
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}
