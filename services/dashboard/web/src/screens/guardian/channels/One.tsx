import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import { useMe } from '~/app/me'
import { useDays } from '../days'
import type { Channel } from './data'
import styles from './Page.module.css'

interface OneProps {
  readonly channel: Channel
  readonly name: ReactNode
  readonly children: ReactNode
}

/** An address or a device: what it is, whether something arrives, what can be done. */
export function One({ channel, name, children }: OneProps) {
  return (
    <li className={styles.one}>
      <strong>{name}</strong>
      <Arrives channel={channel} />
      {children}
    </li>
  )
}

function Arrives({ channel: { kind, confirmed, gone, last } }: { readonly channel: Channel }) {
  const { today } = useMe()
  const { at } = useDays()
  if (gone)
    return (
      <p role="status" className={styles.late}>
        {kind === 'email' ? <Trans>このアドレスには届きません。消して、正しいアドレスを入れてください。</Trans> : <Trans>この端末には届かなくなりました。消して、その端末で入れ直してください。</Trans>}
      </p>
    )
  if (last?.state === 'gave_up')
    return (
      <p role="status" className={styles.late}>
        <Trans>{at(last.at, today)}のお知らせは、届けられませんでした。</Trans>
      </p>
    )
  if (last?.state === 'waiting')
    return (
      <p role="status" className={styles.aside}>
        {last.reason === null ? <Trans>お知らせを出すところです</Trans> : <Trans>まだ届けられていません。もう一度ためします。</Trans>}
      </p>
    )
  if (!confirmed) return null
  return (
    <>
      <p className={styles.good}>
        <Trans>ここにお知らせします</Trans>
      </p>
      {last !== null && last.what !== 'code' && (
        <p className={styles.aside}>
          <Trans>さいごのお知らせ {at(last.at, today)}</Trans>
        </p>
      )}
    </>
  )
}
