import '../words'
import { Trans, useLingui } from '@lingui/react/macro'
import { keepFamily } from '~/app/kept'
import { useMe } from '~/app/me'
import { useScreen } from '~/app/screen'
import { CloudOff } from 'lucide-react'
import { useEffect } from 'react'
import { isGone } from '~/api/problem'
import { useRead } from '~/api/useRead'
import { Ruby } from '~/languages/Ruby'
import { useOutbox } from '~/outbox/useOutbox'
import { LinkButton } from '~/parts/LinkButton'
import { Empty, LoadingRows } from '~/parts/States'
import { bare, familyQuery, type Child, type Family } from '../data'
import { useDays } from '../days'
import { Title } from '../frame/Title'
import { coming, entriesOf, noticeOf } from '../rules'
import { Trouble } from '../Trouble'
import { Install } from './Install'
import { Languages } from './Languages'
import { NoticeCard } from './NoticeCard'
import { Waiting } from './Waiting'
import styles from './Page.module.css'

/** ホーム of a guardian: what the school knows of each child today, and the one thing to do. */
export default function HomePage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(familyQuery)
  useScreen(t`ホーム`)
  return (
    <div className={styles.page}>
      <Title>
        <Trans>ホーム</Trans>
      </Title>
      {data ? <Home family={data} away={error !== null} /> : error ? isGone(error) ? <NoChildren /> : <Trouble error={error} onRetry={again} /> : <LoadingRows rows={6} />}
      <Languages />
    </div>
  )
}

function NoChildren() {
  return (
    <Empty page title={<Trans>連絡できるお子さんがいません</Trans>}>
      <p>
        <Trans>はじめて入ったときは、お子さんの名前が出るまで、少し時間がかかることがあります。出ると、この画面は自動で変わります。</Trans>
      </p>
      <p>
        <Trans>学校の名簿に保護者として入ると、ここからお子さんの欠席などを連絡できます。学校に問い合わせてください。</Trans>
      </p>
    </Empty>
  )
}

function Home({ family, away }: { readonly family: Family; readonly away: boolean }) {
  const me = useMe()
  const { day } = useDays()
  const queue = useOutbox()
  useEffect(() => {
    if (!family.away && !me.away) void keepFamily(me, bare(family))
  }, [family, me])
  const may = family.children.some(({ may_tell }) => may_tell)
  const received = family.children.some(({ notices }) => notices.some(({ own, channel }) => own && channel === 'app'))
  return (
    <>
      {(away || family.away) && (
        <p className={styles.away} role="status">
          <CloudOff aria-hidden size="1.25rem" strokeWidth={1.75} />
          {family.away ? (
            <Trans>つながっていません。連絡を書くことはできます。つながったときに1回だけ送ります。</Trans>
          ) : (
            <Trans>つながっていません。前に読んだものを出しています。</Trans>
          )}
        </p>
      )}
      <div className={styles.act}>
        <p className={styles.date}>
          <Ruby>{day(family.today)}</Ruby>
        </p>
        {may ? (
          <LinkButton look="filled" size="large" to="/family/tell">
            <Trans>欠席・遅刻を連絡する</Trans>
          </LinkButton>
        ) : (
          <p>
            <Trans>お子さんの連絡を見ることができます。連絡をするのは、ほかの保護者の方です。</Trans>
          </p>
        )}
      </div>
      {family.children.map((child) => (
        <ChildBlock key={child.pupil.id} child={child} family={family} entries={entriesOf(queue, me.person.id, child)} />
      ))}
      {received && <Install />}
    </>
  )
}

function ChildBlock({ child, family, entries }: { readonly child: Child; readonly family: Family; readonly entries: ReturnType<typeof entriesOf> }) {
  const told = coming(child, family.today)
  const news = entries.filter((entry) => noticeOf(entry) === undefined)
  return (
    <section className={styles.child} aria-labelledby={child.pupil.id}>
      <h2 id={child.pupil.id} className={styles.name}>
        <Trans>
          {child.pupil.family} {child.pupil.given}さん
        </Trans>
        <span className={styles.at} lang="ja">
          {child.at.name} {child.at.class_name}
        </span>
      </h2>
      {news.map((entry) => (
        <Waiting key={entry.id} entry={entry} today={family.today} />
      ))}
      {told.map((notice) => (
        <NoticeCard key={notice.notice} notice={notice} family={family} entries={entries.filter((entry) => noticeOf(entry) === notice.notice)} />
      ))}
      {told.length === 0 && news.length === 0 && !family.away && (
        <p className={styles.none}>
          <Trans>きょうからあとの連絡はありません</Trans>
        </p>
      )}
    </section>
  )
}
