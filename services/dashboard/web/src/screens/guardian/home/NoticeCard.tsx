import { Trans, useLingui } from '@lingui/react/macro'
import { CheckCheck, Check } from 'lucide-react'
import { useState } from 'react'
import { outbox } from '~/outbox/useOutbox'
import type { Entry } from '~/outbox/rules'
import { PlainButton as Button } from '~/parts/PlainButton'
import { LinkButton } from '~/parts/LinkButton'
import { HOME, withdrawPath, type Family, type Notice } from '../data'
import { useDays } from '../days'
import { Relation } from '../Others'
import { daysWord, saidWord } from '../said'
import { DaysWords, SaidWords } from '../SaidWords'
import { Waiting } from './Waiting'
import styles from './Page.module.css'

interface NoticeCardProps {
  readonly notice: Notice
  readonly family: Family
  /** What was done to it here and is on its way. */
  readonly entries: readonly Entry[]
}

/** What was told, how far it has come, what the school answered, and how to change it. */
export function NoticeCard({ notice, family, entries }: NoticeCardProps) {
  const { t } = useLingui()
  const [asking, setAsking] = useState(false)
  const { today } = family
  const { at, plainDay } = useDays()

  function withdraw() {
    setAsking(false)
    const [days, said] = [daysWord(notice, today, plainDay), saidWord(notice)]
    void outbox.add({ kind: 'told', path: withdrawPath(notice.notice), body: { seen: notice.revision }, label: t`${days} ${said}の取り消し`, screen: HOME })
  }

  return (
    <article className={styles.card} data-withdrawn={notice.withdrawn ? '' : undefined}>
      <p className={styles.said}>
        <strong>
          <SaidWords said={notice} />
        </strong>{' '}
        <span className={styles.days}>
          <DaysWords said={notice} today={today} />
        </span>
      </p>
      {notice.words !== null && <p className={styles.words}>「{notice.words}」</p>}
      {!notice.own && (
        <p className={styles.aside}>
          {notice.relation_word === null ? (
            <Trans>学校が受けた連絡です</Trans>
          ) : (
            <Trans>
              <Relation word={notice.relation_word} />
              からの連絡です
            </Trans>
          )}
        </p>
      )}
      <Receipt notice={notice} family={family} />
      {notice.replies.map(({ words, at: when, by }) => (
        <p key={when} className={styles.reply}>
          <span className={styles.aside}>
            <Trans>
              {by.family}先生から {at(when, today)}
            </Trans>
          </span>
          <span lang="ja">{words}</span>
        </p>
      ))}
      {entries.map((entry) => (
        <Waiting key={entry.id} entry={entry} today={today} />
      ))}
      {notice.may_change && entries.length === 0 && !asking && (
        <div className={styles.acts}>
          <LinkButton to="/family/tell" search={{ notice: notice.notice }}>
            {notice.withdrawn ? <Trans>もう一度連絡する</Trans> : <Trans>変える</Trans>}
          </LinkButton>
          {!notice.withdrawn && (
            <Button onPress={() => setAsking(true)}>
              <Trans>取り消す</Trans>
            </Button>
          )}
        </div>
      )}
      {asking && (
        <div className={styles.ask} role="group" aria-label={t`取り消しますか`}>
          <p>
            <Trans>この連絡を取り消しますか。取り消したことも学校に届きます。</Trans>
          </p>
          <div className={styles.acts}>
            <Button onPress={withdraw} autoFocus>
              <Trans>連絡を取り消す</Trans>
            </Button>
            <Button onPress={() => setAsking(false)}>
              <Trans>取り消さない</Trans>
            </Button>
          </div>
        </div>
      )}
    </article>
  )
}

/** 届きました → 担任が確認しました, of the notice as it stands; a word that came late says so. */
function Receipt({ notice, family: { today, cut_off } }: { readonly notice: Notice; readonly family: Family }) {
  const days = useDays()
  const at = days.at(notice.entered_at, today)
  if (notice.withdrawn)
    return (
      <p className={styles.aside}>
        <Trans>取り消しました {at}</Trans>
      </p>
    )
  const seen = notice.confirmed.find(({ on }) => on === today) ?? notice.confirmed[0]
  const seenAt = seen ? days.at(seen.at, today) : ''
  const hour = days.hour(cut_off)
  return (
    <div role="status" className={styles.receipt} data-seen={seen ? '' : undefined}>
      <p>
        <Check aria-hidden size="1.25rem" strokeWidth={2} />
        <Trans>学校に届きました {at}</Trans>
      </p>
      {seen ? (
        <p>
          <CheckCheck aria-hidden size="1.25rem" strokeWidth={2} />
          <Trans>担任が確認しました {seenAt}</Trans>
        </p>
      ) : (
        <p className={styles.aside}>
          <Trans>担任の確認はまだです</Trans>
        </p>
      )}
      {notice.late && !seen && notice.replies.length === 0 && (
        <p className={styles.late}>
          <Trans>受付のめやす（{hour}）をすぎて届きました。お急ぎのときは、学校に電話もしてください。</Trans>
        </p>
      )}
    </div>
  )
}
