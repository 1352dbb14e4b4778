import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { Suspense } from 'react'
import { registerOf, useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { ScreenTitle, useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import type { Day } from '~/dates/dates'
import { useOutboxOf } from '~/outbox/useOutbox'
import { later } from '~/parts/later'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { addressOf, rollPath, rollQuery } from './data'
import { RollWork } from './RollWork'
import styles from './Page.module.css'

const Stranded = later(() => import('~/app/Stranded'))

const route = getRouteApi('/inside/classes/$classId/days/$date/roll')

/** 朝の記録: the roll of one class on one day. */
export default function RollPage() {
  const { t } = useLingui()
  const me = useMe()
  const { classId, date } = route.useParams()
  const { data, error, again } = useRead(rollQuery(classId, date))
  return (
    <div className={styles.page}>
      <Place
        title={t`朝の記録`}
        of={data ? [data.school.name, data.class.name] : []}
        date={date}
        today={me.today}
        addressOn={(day) => addressOf(classId, day)}
        beside={data && [registerOf(me, classId, data.school.id, date), data.lessons ? { href: `/classes/${classId}/days/${date}/lessons`, word: t`時限ごと` } : undefined]}
      />
      {!data && <ScreenTitle title={t`朝の記録`} />}
      {data ? (
        data.members.length ? (
          <RollWork key={`${classId} ${date}`} roll={data} />
        ) : (
          <>
            <Left classId={classId} date={date} />
            <Nobody />
          </>
        )
      ) : error ? (
        <>
          <Left classId={classId} date={date} />
          <CannotRead error={error} what={t`この学級の朝の記録`} onRetry={again} />
        </>
      ) : (
        <LoadingRows rows={18} />
      )}
    </div>
  )
}

/** What was not taken, where there is no grid (any more) to mend it in. */
function Left({ classId, date }: { readonly classId: string; readonly date: Day }) {
  const me = useMe()
  const entries = useOutboxOf(me.person.id, 'roll', rollPath(classId, date)).filter(({ state }) => state === 'parked' || state === 'answered')
  return entries.length ? (
    <Suspense>
      <Stranded entries={entries} />
    </Suspense>
  ) : null
}

function Nobody() {
  const { t } = useLingui()
  useScreen(t`朝の記録`)
  return (
    <Empty title={<Trans>この日に在籍している子がいません</Trans>}>
      <Trans>名簿に在籍が入ると、ここに並びます。名簿は事務室で確かめられます。</Trans>
    </Empty>
  )
}
