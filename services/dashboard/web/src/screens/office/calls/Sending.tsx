import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import panel from '~/parts/Panel.module.css'
import type { Notice, SchoolNotices, Sent } from './data'
import { sentWord } from './words'

/** What whoever told it was told of the receipt and of answers; where nobody could be, that is said. */
export function Sending({ notice }: { readonly notice: Notice }) {
  const { today } = useMe()
  const { told = [], reach = [] } = notice
  if (told.length > 0)
    return told.map((one) => (
      <p key={`${one.kind}${one.what}${one.at}`} className={failed(one) ? panel.wait : panel.aside}>
        {sentWord(one)} {timeOf(one.at, today)}
      </p>
    ))
  const seen = notice.confirmed.some(({ revision }) => revision === notice.revision)
  if (!seen || notice.withdrawn || notice.channel === 'app' || reach.length > 0) return null
  return (
    <p className={panel.wait}>
      <Trans>確認したことを知らせる先がありません（使えるメールも端末もありません）。要るときは電話か紙で伝えてください</Trans>
    </p>
  )
}

const failed = ({ state }: Sent): boolean => state === 'gave_up' || state === 'gone'

/** Said once above the list, where families cannot be told at all, with who can change that. */
export function Off({ page: { mail = true, push = true } }: { readonly page: SchoolNotices }): ReactNode {
  if (mail || push) return null
  return (
    <p className={panel.aside}>
      <Trans>保護者へのメールと端末へのお知らせは、まだ使えるようになっていません。システムの担当者が決めると使えます（docs/channels.md）。</Trans>
    </p>
  )
}
