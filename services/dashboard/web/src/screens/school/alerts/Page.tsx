import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { SchoolTabs } from '~/app/SchoolTabs'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { useRead } from '~/api/useRead'
import { workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Name } from '~/parts/Name'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import '../words'
import { Acts, Say } from './Say'
import { alertsQuery, type Alert, type Alerts, type Withdrawn } from './data'
import styles from './Page.module.css'

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
      {data ? <Work page={data} /> : error ? <CannotRead error={error} what={t`気がかりな欠席`} onRetry={again} /> : <LoadingRows rows={6} />}
    </div>
  )
}

function Work({ page }: { readonly page: Alerts }) {
  const open = page.alerts.filter(({ state }) => state !== 'closed')
  const closed = page.alerts.filter(({ state }) => state === 'closed')
  const fresh = open.filter(({ state }) => state === 'open').length
  const rules = page.rules.map(({ word }) => word).join('、')
  return (
    <>
      <Strip kind={fresh > 0 ? 'look' : 'good'} live>
        <strong>{fresh > 0 ? <Plural value={fresh} other="まだだれも見ていないものが#件あります" /> : <Trans>まだだれも見ていないものはありません</Trans>}</strong>
      </Strip>
      <Block title={<Trans>対応を続けているもの</Trans>} aside={rules}>
        {open.length === 0 ? (
          <p className={panel.aside}>
            <Trans>いまのところ、当てはまる子はいません。</Trans>
          </p>
        ) : (
          <ul className={styles.alerts}>
            {open.map((alert) => (
              <One key={`${alert.pupil.id} ${alert.rule} ${alert.first}`} alert={alert} page={page} />
            ))}
          </ul>
        )}
      </Block>
      {closed.length > 0 && (
        <Block title={<Trans>対応がすんだもの</Trans>}>
          <ul className={styles.alerts}>
            {closed.map((alert) => (
              <One key={`${alert.pupil.id} ${alert.rule} ${alert.first}`} alert={alert} page={page} />
            ))}
          </ul>
        </Block>
      )}
      {page.withdrawn.length > 0 && (
        <Block title={<Trans>取り下げられたもの</Trans>} aside={<Trans>出欠が訂正されるなどして、もう当てはまりません</Trans>}>
          <ul className={styles.alerts}>
            {page.withdrawn.map((gone) => (
              <Gone key={`${gone.pupil.id} ${gone.word} ${gone.first}`} gone={gone} date={page.date} />
            ))}
          </ul>
        </Block>
      )}
    </>
  )
}

function Who({ of, number, children }: { readonly of: Alert | Withdrawn; readonly number: number | null; readonly children: ReactNode }) {
  return (
    <div className={styles.who}>
      <span className={panel.aside}>
        {of.class.name} {number !== null && <Trans>{number}番</Trans>}
      </span>
      <Link to="/people/$personId" params={{ personId: of.pupil.id }} search={{}}>
        <Name person={of.pupil} />
      </Link>
      <strong>{of.word}</strong>
      {children}
    </div>
  )
}

function One({ alert, page }: { readonly alert: Alert; readonly page: Alerts }) {
  return (
    <li className={styles.alert}>
      <Who of={alert} number={alert.number}>
        <span className={panel.wait}>
          <Plural value={alert.days.length} other="欠席 #日" />
        </span>
        {!alert.going_on && (
          <span className={panel.good}>
            <Trans>いまは登校しています</Trans>
          </span>
        )}
      </Who>
      <Days days={alert.days} alert={alert} />
      <Acts acts={alert.acts} date={page.date} />
      {page.may.act && <Say alert={alert} page={page} />}
    </li>
  )
}

/** The days it follows from, each with the class's record behind it; of many the last ten. */
function Days({ days, alert }: { readonly days: readonly Day[]; readonly alert: Alert }) {
  const { t } = useLingui()
  const shown = days.slice(-10)
  const more = days.length - shown.length
  return (
    <ul className={styles.days} aria-label={t`もとになった日`}>
      {more > 0 && (
        <li className={panel.aside}>
          <Plural value={more} other="ほか#日" />
        </li>
      )}
      {shown.map((day) => (
        <li key={day}>
          <Link to="/classes/$classId/days/$date/roll" params={{ classId: alert.class.id, date: day }}>
            {workDay(day)}
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Gone({ gone, date }: { readonly gone: Withdrawn; readonly date: Day }) {
  return (
    <li className={styles.alert}>
      <Who of={gone} number={gone.number}>
        <span className={panel.aside}>
          <Plural value={gone.days} other="欠席 #日だったもの" />
        </span>
      </Who>
      <Acts acts={gone.acts} date={date} />
    </li>
  )
}
