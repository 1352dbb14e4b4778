import { Trans } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { PlainLinkButton } from '~/parts/LinkButton'
import panel from '~/parts/Panel.module.css'
import { certificatesQuery, pdfPath, type Certificate, type Move } from './data'
import type { Kind } from './Issue'
import styles from './Page.module.css'

const Issue = lazy(() => import('./Issue'))
const Void = lazy(() => import('./Void'))

/** What was issued for a move, and what can be. */
export function Certificates({ move }: { readonly move: Move }) {
  const { data } = useQuery(certificatesQuery(move.id))
  const [kind, setKind] = useState<Kind | null>(null)
  const [voiding, setVoiding] = useState<Certificate | null>(null)
  return (
    <Block title={<Trans>証明書</Trans>}>
      <ul className={styles.steps}>
        {data?.certificates.map((one) => (
          <li key={one.id} className={styles.step}>
            <span />
            <span>
              {one.title} {one.number}
              <span className={styles.note}>
                {workDay(one.issued_on)} {one.voided_at !== null && <Trans>無効（{one.void_reason}）</Trans>}
              </span>
            </span>
            <span className={styles.buttons}>
              <PlainLinkButton size="small" href={pdfPath(one.id)} target="_blank" rel="noreferrer">
                <Trans>印刷する（PDF）</Trans>
              </PlainLinkButton>
              {one.voided_at === null && (
                <Button size="small" onPress={() => setVoiding(one)}>
                  <Trans>無効にする</Trans>
                </Button>
              )}
            </span>
          </li>
        ))}
        {data?.certificates.length === 0 && (
          <li className={panel.aside}>
            <Trans>まだ出していません。</Trans>
          </li>
        )}
      </ul>
      <div className={styles.buttons}>
        <Button look={move.turn === 'enrolment_certificate' ? 'filled' : 'line'} onPress={() => setKind('enrolment')}>
          <Trans>在学証明書を出す</Trans>
        </Button>
        <Button look={move.turn === 'textbook_certificate' ? 'filled' : 'line'} onPress={() => setKind('textbooks')}>
          <Trans>教科用図書給与証明書を出す</Trans>
        </Button>
      </div>
      <Suspense>
        {kind !== null && <Issue move={move} kind={kind} onClose={() => setKind(null)} />}
        {voiding && <Void certificate={voiding} onClose={() => setVoiding(null)} />}
      </Suspense>
    </Block>
  )
}
