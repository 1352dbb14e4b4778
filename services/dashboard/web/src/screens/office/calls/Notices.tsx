import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import panel from '~/parts/Panel.module.css'
import type { Notice } from './data'
import { Sending } from './Sending'
import { changedWord, channelWord, daysWord, kindWord, tellerWord } from './words'
import styles from './calls.module.css'

interface NoticesProps {
  readonly notices: readonly Notice[]
  readonly empty: ReactNode
  /** Opens the child, on a list of several children. */
  readonly onOpen?: (pupil: string) => void
  /** What can be done with one. */
  readonly acts?: (notice: Notice) => ReactNode
}

/** Notices as they stand: what, which days, who told it how and when, and who has seen it. */
export function Notices({ notices, empty, onOpen, acts }: NoticesProps) {
  const { today } = useMe()
  if (notices.length === 0) return <p className={panel.aside}>{empty}</p>
  return (
    <ul className={panel.stack}>
      {notices.map((notice) => (
        <li key={notice.notice} className={styles.notice} data-withdrawn={notice.withdrawn ? '' : undefined}>
          {onOpen && (
            <Button look="text" onPress={() => onOpen(notice.pupil.id)}>
              {notice.class_name} {notice.number !== null && <Trans>{notice.number}番</Trans>} {notice.pupil.family} {notice.pupil.given}
            </Button>
          )}
          <p className={styles.said}>
            <strong>{kindWord(notice)}</strong> {daysWord(notice)}
            {notice.words !== null && <span>「{notice.words}」</span>}
          </p>
          <p className={panel.aside}>
            {timeOf(notice.told_at, today)} {tellerWord(notice)}（{channelWord(notice)}）
            {changedWord(notice, today)}{' '}
            {notice.channel !== 'app' && (
              <Trans>
                受けた人 {notice.entered_by.family} {notice.entered_by.given}
              </Trans>
            )}
          </p>
          <Receipt notice={notice} />
          <Sending notice={notice} />
          {notice.replies?.map(({ words, at }) => (
            <p key={at} className={panel.aside}>
              <Trans>
                返信「{words}」 {timeOf(at, today)}
              </Trans>
            </p>
          ))}
          {acts && !notice.withdrawn && <div className={panel.bar}>{acts(notice)}</div>}
        </li>
      ))}
    </ul>
  )
}

/** 「担任が確認しました」: of this revision, not of one before it. */
function Receipt({ notice }: { readonly notice: Notice }) {
  const { today } = useMe()
  if (notice.withdrawn)
    return (
      <p className={panel.wait}>
        <Trans>取り消しました {timeOf(notice.entered_at, today)}</Trans>
      </p>
    )
  const seen = notice.confirmed.find(({ revision }) => revision === notice.revision)
  if (seen)
    return (
      <p className={panel.good}>
        <Trans>
          担任が確認しました {timeOf(seen.at, today)}（{seen.by.family} {seen.by.given}）
        </Trans>
      </p>
    )
  return (
    <p className={panel.aside}>
      <Trans>学校に届きました。担任はまだ確認していません</Trans>
    </p>
  )
}
