import { Trans, useLingui } from '@lingui/react/macro'
import { Link, useLocation } from '@tanstack/react-router'
import type { Day } from '~/dates/dates'
import { useMe } from './me'
import styles from './SchoolTabs.module.css'

interface SchoolTabsProps {
  readonly school: string
  readonly date: Day
  /** The class whose list is shown; it is a place of the school, too. */
  readonly classId?: string
}

/** The screens of one school, for those whose work they are; each is a place with its own address. */
export function SchoolTabs({ school, date, classId }: SchoolTabsProps) {
  const { t } = useLingui()
  const me = useMe()
  const path = useLocation({ select: ({ pathname }) => pathname })
  const leads = me.roles.some(
    ({ kind, school: of }) => kind === 'board_staff' || (of?.id === school && ['principal', 'vice_principal', 'office'].includes(kind)),
  )
  if (!leads) return null
  const params = { schoolId: school, date }
  const names = me.roles.some(({ kind }) => kind !== 'board_staff')
  const tabs = [
    { to: '/schools/$schoolId/days/$date' as const, word: t`出欠` },
    ...(names ? [{ to: '/schools/$schoolId/days/$date/alerts' as const, word: t`気がかりな欠席` }] : []),
    { to: '/schools/$schoolId/days/$date/duties' as const, word: t`学級をみる人・職務` },
    { to: '/schools/$schoolId/days/$date/year' as const, word: t`年間予定` },
  ]
  return (
    <nav className={styles.tabs} aria-label={t`この学校の画面`}>
      {tabs.map(({ to, word }) => {
        const here = path === to.replace('$schoolId', school).replace('$date', date)
        return (
          <Link key={to} to={to} params={params} className={styles.tab} data-here={here ? '' : undefined} aria-current={here ? 'page' : undefined}>
            {word}
          </Link>
        )
      })}
      {classId !== undefined && (
        <Link to="/classes/$classId/days/$date/list" params={{ classId, date }} className={styles.tab} data-here="" aria-current="page">
          <Trans>学級の名簿</Trans>
        </Link>
      )}
    </nav>
  )
}
