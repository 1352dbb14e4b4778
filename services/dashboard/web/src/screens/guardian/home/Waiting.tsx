import { Trans } from '@lingui/react/macro'
import { CloudOff, TriangleAlert } from 'lucide-react'
import type { Day } from '~/dates/dates'
import { outbox } from '~/outbox/useOutbox'
import type { Entry } from '~/outbox/rules'
import { PlainButton as Button } from '~/parts/PlainButton'
import type { Telling } from '../data'
import { isWithdrawal } from '../rules'
import { WhyNot } from '../Others'
import { DaysWords, SaidWords } from '../SaidWords'
import styles from './Page.module.css'

/** What is on this device and nobody at the school knows yet: said large, because nothing unsent may live silently. */
export function Waiting({ entry, today }: { readonly entry: Entry; readonly today: Day }) {
  const stuck = entry.state !== 'waiting'
  return (
    <div className={styles.waiting} data-stuck={stuck ? '' : undefined} role="status">
      <p className={styles.loud}>
        {stuck ? <TriangleAlert aria-hidden size="1.5rem" strokeWidth={1.75} /> : <CloudOff aria-hidden size="1.5rem" strokeWidth={1.75} />}
        {stuck ? <Trans>届きませんでした</Trans> : <Trans>まだ届いていません</Trans>}
      </p>
      <p>
        {isWithdrawal(entry) ? <Trans>連絡の取り消し</Trans> : <Told said={entry.body as Telling} today={today} />}
      </p>
      {stuck ? (
        <>
          {entry.problem && <WhyNot problem={entry.problem} />}
          <div className={styles.acts}>
            <Button onPress={() => void outbox.retry(entry.id)}>
              <Trans>もう一度送る</Trans>
            </Button>
            <Button onPress={() => void outbox.amend(entry.id, () => null)}>
              <Trans>消す</Trans>
            </Button>
          </div>
        </>
      ) : (
        <p>
          <Trans>この端末に残してあり、つながると自動で1回だけ送ります。お急ぎのときは、学校に電話してください。</Trans>
        </p>
      )}
    </div>
  )
}

function Told({ said, today }: { readonly said: Telling; readonly today: Day }) {
  return (
    <>
      <SaidWords said={said} /> <DaysWords said={said} today={today} />
    </>
  )
}
