import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { Tiles } from '~/parts/Tiles'
import { planPath, type Plan, type PlanPage } from './data'
import styles from './Page.module.css'

interface ProposeProps {
  readonly page: PlanPage
  readonly plan: Plan
  readonly grade: string
  readonly onClose: () => void
  readonly onPlan: (plan: Plan) => void
}

/** A balanced proposal for one grade or all of them; the same number gives the same proposal. */
export default function Propose({ page, plan, grade, onClose, onPlan }: ProposeProps) {
  const { t } = useLingui()
  const { send, sending, error } = useCommand<{ readonly plan: Plan }>(useMe().person.id)
  const [twins, setTwins] = useState('free')
  const [which, setWhich] = useState('one')
  const [order, setOrder] = useState('kana')
  const [seed, setSeed] = useState('1')
  const word = page.grades.find(([code]) => code === grade)?.[1] ?? ''

  async function propose() {
    if (sending) return
    const grades = which === 'one' ? [grade] : page.grades.map(([code]) => code)
    const number = Number(seed.normalize('NFKC'))
    const answer = await send(`${planPath(page.school, page.year)}/proposal`, { plan, grades, twins, order, seed: Number.isInteger(number) ? number : 1 })
    if (!answer) return
    onPlan(answer.plan)
    onClose()
  }

  return (
    <Dialog open onClose={onClose} title={<Trans>学級の案をつくる</Trans>}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void propose()
        }}
      >
        <p>
          <Trans>人数・性別・いまの学級が、かたよらないように分けます。約束（べつの学級・同じ学級）は守ります。</Trans>
        </p>
        <Tiles
          label={t`どの学年`}
          value={which}
          onChange={setWhich}
          tiles={[
            { value: 'one', content: <Trans>{word}だけ</Trans> },
            { value: 'all', content: <Trans>全学年</Trans> },
          ]}
        />
        {page.twins.length > 0 && (
          <Tiles
            label={t`ふたごは`}
            value={twins}
            onChange={setTwins}
            tiles={[
              { value: 'free', content: <Trans>決めない</Trans> },
              { value: 'apart', content: <Trans>べつの学級</Trans> },
              { value: 'together', content: <Trans>同じ学級</Trans> },
            ]}
          />
        )}
        <Tiles
          label={t`出席番号`}
          value={order}
          onChange={setOrder}
          tiles={[
            { value: 'kana', content: <Trans>五十音順</Trans> },
            { value: 'birth', content: <Trans>生年月日順</Trans> },
          ]}
        />
        <label className={styles.field}>
          <span>
            <Trans>案の番号（変えると、べつの案になります）</Trans>
          </span>
          <input className={styles.grade} inputMode="numeric" value={seed} onChange={(event) => setSeed(event.target.value)} />
        </label>
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit">
            <Trans>案をつくる</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}
