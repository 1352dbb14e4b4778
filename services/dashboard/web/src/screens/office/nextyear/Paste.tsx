import { Plural, Trans } from '@lingui/react/macro'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { planPath, type Plan, type PlanPage, type RowsRead } from './data'
import styles from './Page.module.css'

interface PasteProps {
  readonly page: PlanPage
  readonly plan: Plan
  readonly onClose: () => void
  readonly onPlan: (plan: Plan) => void
}

/** Seats from a spreadsheet: all lines or none, every wrong line named. */
export default function Paste({ page, plan, onClose, onPlan }: PasteProps) {
  const { send, sending, error } = useCommand<RowsRead>(useMe().person.id)
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<RowsRead['wrong']>([])

  async function take() {
    if (sending || text.trim() === '') return
    const answer = await send(`${planPath(page.school, page.year)}/rows`, { plan, text })
    if (!answer) return
    setWrong(answer.wrong)
    if (!answer.plan) return
    onPlan(answer.plan)
    onClose()
  }

  return (
    <Dialog open wide onClose={onClose} title={<Trans>表から貼り付ける</Trans>}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void take()
        }}
      >
        <label className={styles.field}>
          <span>
            <Trans>氏名・学級・番号の3つの列</Trans>
          </span>
          <textarea className={styles.area} autoFocus value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        {wrong.length > 0 && (
          <div role="alert">
            <strong>
              <Plural value={wrong.length} other="貼り付けを取りやめました（#か所）" />
            </strong>
            <ul className={styles.wrong}>
              {wrong.map(({ cell, message }, i) => (
                <li key={i}>
                  {cell} {message}
                </li>
              ))}
            </ul>
          </div>
        )}
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit">
            <Trans>読み取る</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}
