import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { ScreenTitle, useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { addressOf, rollQuery } from './data'
import { RollWork } from './RollWork'
import styles from './Page.module.css'

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
      />
      {!data && <ScreenTitle title={t`朝の記録`} />}
      {data ? (
        data.members.length ? (
          <RollWork key={`${classId} ${date}`} roll={data} />
        ) : (
          <Nobody />
        )
      ) : error ? (
        <CannotRead error={error} what={t`この学級の朝の記録`} onRetry={again} />
      ) : (
        <LoadingRows rows={18} />
      )}
    </div>
  )
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
