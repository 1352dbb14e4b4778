import { Trans, useLingui } from '@lingui/react/macro'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { Activity, CalendarCheck, MapPinned, School } from 'lucide-react'
import { Suspense, useState } from 'react'
import { useSession } from '~/api/session'
import { workDay } from '~/dates/dates'
import { later } from '~/parts/later'
import { useJumps } from './jumps'
import { useMe } from './me'
import { placesOf } from './rail'
import { useShownScreen } from './screen'
import { TopLine } from './TopLine'
import styles from './Frame.module.css'

const KeysHelp = later(() => import('./KeysHelp'))
const SessionEnded = later(() => import('./SessionEnded'))

const ICONS = { today: CalendarCheck, school: School, board: MapPinned, operations: Activity }

/** What stays around every screen: the rail of this person's places, the top line, the training edge. */
export function Frame() {
  const me = useMe()
  const places = placesOf(me)
  const { t, i18n } = useLingui()
  const screen = useShownScreen()
  const session = useSession()
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  const jumps = Object.fromEntries(places.map(({ letter, to }) => [letter, () => void navigate({ to })]))
  useJumps({ ...jumps, ...screen.jumps }, () => setHelp(true))

  return (
    <div className={styles.frame} data-training={me.training ? '' : undefined}>
      <a className={styles.skip} href="#main">
        <Trans>本文へ</Trans>
      </a>
      {me.training && <TrainingEdge />}
      <nav className={styles.rail} aria-label={t`メニュー`}>
        <span className={styles.brand} aria-hidden="true">
          Tsumugi
        </span>
        <ul className={styles.places}>
          {places.map(({ id, word, to }) => {
            const Icon = ICONS[id]
            return (
              <li key={id}>
                <Link to={to} className={styles.item} activeProps={{ 'data-here': '' }} preload="intent">
                  <Icon aria-hidden size={20} strokeWidth={1.75} />
                  {i18n._(word)}
                </Link>
              </li>
            )
          })}
        </ul>
      </nav>
      <TopLine onHelp={() => setHelp(true)} />
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {session === 'ended' && <SessionEnded />}
        {help && <KeysHelp onClose={() => setHelp(false)} />}
      </Suspense>
    </div>
  )
}

/** Training is never mistaken for the real thing: a striped edge with the training date on every screen and print. */
function TrainingEdge() {
  const me = useMe()
  const day = workDay(me.today)
  return (
    <div className={styles.edge} role="note">
      <span className={styles.tab}>
        <strong>
          <Trans>れんしゅう</Trans>
        </strong>{' '}
        {day}
      </span>
    </div>
  )
}
