import { useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { SchoolTabs } from '~/app/SchoolTabs'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { useRead } from '~/api/useRead'
import type { Day } from '~/dates/dates'
import { CannotRead, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import '../words'
import { alertsQuery, schoolPath } from './data'
import { List } from './List'

const route = getRouteApi('/inside/schools/$schoolId/days/$date/alerts')

/** 気がかりな欠席: who has been away for long, since which days, and what has been done about it? */
export default function AlertsPage() {
  const { t } = useLingui()
  const me = useMe()
  const { schoolId, date } = route.useParams()
  const { data, error, again } = useRead(alertsQuery(schoolId, date))
  const addressOn = (day: Day) => `/schools/${schoolId}/days/${day}/alerts`
  const turns = useTurns(date, addressOn)
  useScreen(t`気がかりな欠席`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place title={t`気がかりな欠席`} of={data ? [data.school.name] : []} date={date} today={me.today} addressOn={addressOn} />
      <SchoolTabs school={schoolId} date={date} />
      {data ? <List page={data} path={schoolPath(schoolId, date)} /> : error ? <CannotRead error={error} what={t`気がかりな欠席`} onRetry={again} /> : <LoadingRows rows={6} />}
    </div>
  )
}
