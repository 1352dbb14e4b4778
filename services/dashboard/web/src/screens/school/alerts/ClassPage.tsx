import { useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { useRead } from '~/api/useRead'
import type { Day } from '~/dates/dates'
import { CannotRead, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import '../words'
import { classAlertsQuery, classPath } from './data'
import { List } from './List'

const route = getRouteApi('/inside/classes/$classId/days/$date/alerts')

/** 気がかりな欠席 of one's own class. */
export default function ClassAlertsPage() {
  const { t } = useLingui()
  const me = useMe()
  const { classId, date } = route.useParams()
  const { data, error, again } = useRead(classAlertsQuery(classId, date))
  const addressOn = (day: Day) => `/classes/${classId}/days/${day}/alerts`
  const turns = useTurns(date, addressOn)
  useScreen(t`気がかりな欠席`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place title={t`気がかりな欠席`} of={data ? [data.school.name, ...(data.class ? [data.class.name] : [])] : []} date={date} today={me.today} addressOn={addressOn} />
      {data ? <List page={data} path={classPath(classId, date)} /> : error ? <CannotRead error={error} what={t`気がかりな欠席`} onRetry={again} /> : <LoadingRows rows={6} />}
    </div>
  )
}
