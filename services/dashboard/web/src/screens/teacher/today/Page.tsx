import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleCheck, Sun } from 'lucide-react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import type { Today, TodayClass } from '~/api/types'
import { useRead } from '~/api/useRead'
import { timeOf, workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Counts } from '~/parts/Counts'
import { LinkButton } from '~/parts/LinkButton'
import { fullName } from '~/parts/Name'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import { todayQuery } from './data'
import styles from './Page.module.css'

/** 今日: what waits for this teacher. */
export default function TodayPage() {
  const { t } = useLingui()
  const me = useMe()
  const { data, error, again } = useRead(todayQuery)
  const navigate = useNavigate()
  const next = data && firstWaiting(data)
  useScreen(
    t`今日`,
    [{ keys: 'g r', word: t`朝の記録（まだの学級から）` }],
    next ? { r: () => void navigate({ to: '/classes/$classId/days/$date/roll', params: { classId: next.class.id, date: data.date } }) } : {},
  )
  return (
    <div className={panel.screen}>
      <Place title={t`今日`} date={data?.date ?? me.today} />
      {data?.lessons && data.school_day && (
        <p>
          <Link to="/lessons">
            <Trans>時限ごとの出欠をとる</Trans>
          </Link>
        </p>
      )}
      {data ? (
        <TodayWork today={data} />
      ) : error ? (
        <CannotRead error={error} what={t`今日の学級`} onRetry={again} />
      ) : (
        <LoadingRows rows={6} />
      )}
    </div>
  )
}

/** The class to begin with: not taken yet, in the server's order; else the first. */
function firstWaiting({ classes }: Today): TodayClass | undefined {
  return classes.find((one) => one.taken_at === null && one.closed === null) ?? classes[0]
}

function TodayWork({ today }: { readonly today: Today }) {
  if (!today.school_day) return <Holiday next={today.next_school_day} />
  if (!today.classes.length)
    return (
      <Empty title={<Trans>きょう受け持つ学級はありません</Trans>}>
        <Trans>担任や補欠に決まると、その学級がここに出ます。</Trans>
      </Empty>
    )
  const first = firstWaiting(today)
  return (
    <Block title={<Trans>朝の記録</Trans>}>
      <ul className={styles.classes}>
        {today.classes.map((one) => (
          <li key={one.class.id}>
            <ClassCard one={one} date={today.date} first={one === first && one.taken_at === null && one.closed === null && one.role !== 'office'} />
          </li>
        ))}
      </ul>
    </Block>
  )
}

function Holiday({ next }: { readonly next: Day | null }) {
  const { t } = useLingui()
  const day = next ? workDay(next) : t`まだ決まっていません`
  return (
    <div className={styles.holiday}>
      <Sun aria-hidden size="2rem" strokeWidth={1.5} />
      <div>
        <h2>
          <Trans>きょうは学校が休みの日です</Trans>
        </h2>
        <p>
          <Trans>次の登校日: {day}</Trans>
        </p>
      </div>
    </div>
  )
}

function ClassCard({ one, date, first }: { readonly one: TodayClass; readonly date: Day; readonly first: boolean }) {
  const { t } = useLingui()
  const to = { to: '/classes/$classId/days/$date/roll', params: { classId: one.class.id, date } } as const
  const taken = one.taken_at !== null
  const name = one.class.name
  return (
    <article className={styles.card} data-taken={taken ? '' : undefined}>
      <div className={styles.who}>
        <h3 className={styles.name}>{name}</h3>
        <p className={styles.school}>
          {one.school.name}
          <RoleWord role={one.role} />
        </p>
      </div>
      <div className={styles.state}>
        {one.closed ? <p className={panel.aside}>{one.closed.reason}</p> : taken ? <TakenWords one={one} date={date} /> : <WaitingWords one={one} />}
      </div>
      {one.closed === null && <Counts of={one} names={['members', 'absent', 'late', 'early', 'apart']} />}
      <div className={styles.go}>
        <Link className={styles.list} to="/classes/$classId/days/$date/list" params={{ classId: one.class.id, date }} aria-label={t`${name}の名簿`}>
          <Trans>名簿</Trans>
        </Link>
        {(one.role === 'homeroom' || one.role === 'assistant') && (
          <Link className={styles.list} to="/classes/$classId/days/$date/alerts" params={{ classId: one.class.id, date }} aria-label={t`${name}の気がかりな欠席`}>
            <Trans>気がかりな欠席</Trans>
          </Link>
        )}
        <LinkButton {...to} look={first ? 'filled' : 'line'} aria-label={taken || one.closed ? t`${name}の朝の記録を見る` : t`${name}の朝の記録を始める`}>
          {taken || one.closed ? <Trans>朝の記録を見る</Trans> : <Trans>朝の記録を始める</Trans>}
        </LinkButton>
      </div>
    </article>
  )
}

function RoleWord({ role }: { readonly role: string }) {
  const { t } = useLingui()
  const words: Readonly<Record<string, string>> = {
    homeroom: t`担任`,
    assistant: t`副担任`,
    substitute: t`補欠（きょうだけ）`,
    office: t`事務室`,
  }
  const word = words[role]
  return word === undefined ? null : (
    <span className={styles.role} data-role={role}>
      {word}
    </span>
  )
}

function TakenWords({ one, date }: { readonly one: TodayClass; readonly date: Day }) {
  const [at, by] = [timeOf(one.taken_at, date), fullName(one.taken_by)]
  return (
    <p className={panel.good}>
      <CircleCheck aria-hidden size="1.125rem" strokeWidth={2} className={styles.tick} />
      <Trans>
        朝の記録は {at} に確定しました<span className={panel.whole}>（{by}）</span>
      </Trans>
    </p>
  )
}

function WaitingWords({ one }: { readonly one: TodayClass }) {
  if (one.unrecorded === one.members)
    return (
      <p className={panel.wait}>
        <Trans>まだ記録していません</Trans>
      </p>
    )
  return (
    <p className={panel.wait}>
      <Plural value={one.unrecorded} _0="全員に印がつきました。まだ確定していません" other="未入力 #人。まだ確定していません" />
    </p>
  )
}
