import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Name } from '~/parts/Name'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { Acts, Say } from './Say'
import { actsOf, byChild, stateOf } from './rules'
import type { Alert, Alerts, Withdrawn } from './data'
import styles from './Page.module.css'

/** The alerts of a page, those that somebody must look at first. `path`: where they are said something of. */
export function List({ page, path }: { readonly page: Alerts; readonly path: string }) {
  const children = byChild(page.alerts)
  const [fresh, seen, closed] = (['open', 'seen', 'closed'] as const).map((state) => children.filter((alerts) => stateOf(alerts) === state))
  const waiting = fresh!.length
  const rules = page.rules.map(({ word }) => word).join('、')
  return (
    <>
      <Strip kind={waiting > 0 ? 'look' : 'good'} live>
        <strong>{waiting > 0 ? <Plural value={waiting} other="まだだれも見ていない子が#人います" /> : <Trans>まだだれも見ていない子はいません</Trans>}</strong>
        {rules !== '' && (
          <span className={panel.aside}>
            {' '}
            <Trans>決まり：{rules}</Trans>
          </span>
        )}
      </Strip>
      {fresh!.length + seen!.length === 0 && (
        <p className={panel.aside}>
          {page.rules.length === 0 ? <Trans>市が決まりを使っていません。</Trans> : <Trans>いまのところ、当てはまる子はいません。</Trans>}
        </p>
      )}
      <Some title={<Trans>まだだれも見ていない子</Trans>} found={fresh!} page={page} path={path} />
      <Some title={<Trans>見て、対応を続けている子</Trans>} found={seen!} page={page} path={path} />
      <Some title={<Trans>対応がすんだ子</Trans>} found={closed!} page={page} path={path} />
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

interface SomeProps {
  readonly title: ReactNode
  /** Each child's. */
  readonly found: readonly (readonly Alert[])[]
  readonly page: Alerts
  readonly path: string
}

function Some({ title, found, page, path }: SomeProps) {
  if (found.length === 0) return null
  return (
    <Block title={title} aside={<Plural value={found.length} other="#人" />}>
      <ul className={styles.alerts}>
        {found.map((alerts) => (
          <One key={alerts[0]!.pupil.id} alerts={alerts} page={page} path={path} />
        ))}
      </ul>
    </Block>
  )
}

function Who({ of, number, children }: { readonly of: Alert | Withdrawn; readonly number: number | null; readonly children?: ReactNode }) {
  return (
    <div className={styles.who}>
      <span className={panel.aside}>
        {of.class.name} {number !== null && <Trans>{number}番</Trans>}
      </span>
      <Link to="/people/$personId" params={{ personId: of.pupil.id }} search={{}}>
        <Name person={of.pupil} />
      </Link>
      {children}
    </div>
  )
}

/** A child, once, with everything that its days have raised. */
function One({ alerts, page, path }: { readonly alerts: readonly Alert[]; readonly page: Alerts; readonly path: string }) {
  const [first] = alerts
  return (
    <li className={styles.alert}>
      <Who of={first!} number={first!.number}>
        {alerts.every(({ going_on }) => !going_on) && (
          <span className={panel.good}>
            <Trans>いまは登校しています</Trans>
          </span>
        )}
      </Who>
      {alerts.map((alert) => (
        <div key={`${alert.rule} ${alert.first}`} className={styles.reason}>
          <div className={styles.who}>
            <strong>{alert.word}</strong>
            <span className={panel.wait}>
              <Plural value={alert.days.length} other="欠席 #日" />
            </span>
          </div>
          <Days days={alert.days} alert={alert} />
        </div>
      ))}
      <Acts acts={actsOf(alerts, page.date)} date={page.date} />
      {page.may.act && <Say alerts={alerts} page={page} path={path} />}
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
        <strong>{gone.word}</strong>
        <span className={panel.aside}>
          <Plural value={gone.days} other="欠席 #日だったもの" />
        </span>
      </Who>
      <Acts acts={gone.acts} date={date} />
    </li>
  )
}
