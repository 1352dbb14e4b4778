import './words'
import { Trans, useLingui } from '@lingui/react/macro'
import { Link, Outlet, useLocation, useNavigate, useParams, useRouter } from '@tanstack/react-router'
import { Activity, ArrowLeftRight, BookUser, CalendarCheck, CalendarDays, FileUp, House, LayoutGrid, MapPinned, Milestone, PhoneIncoming, School, SlidersHorizontal } from 'lucide-react'
import { Suspense, useState } from 'react'
import { I18nProvider as AriaLocale } from 'react-aria-components'
import { useSession } from '~/api/session'
import { dayParts, workDay } from '~/dates/dates'
import { useOutbox } from '~/outbox/useOutbox'
import { Button } from '~/parts/Button'
import { later } from '~/parts/later'
import { Empty } from '~/parts/States'
import { useJumps } from './jumps'
import { useMe } from './me'
import { PlaceSlot } from './Place'
import { placeOf, placesOf } from './rail'
import { shownScreen, useScreen } from './screen'
import { useSearchKey } from './searchKey'
import { TopLine } from './TopLine'
import styles from './Frame.module.css'

const KeysHelp = later(() => import('./KeysHelp'))
const Search = later(() => import('./Search'))
const SessionEnded = later(() => import('./SessionEnded'))
const Stranded = later(() => import('./Stranded'))

const ICONS = {
  family: House,
  today: CalendarCheck,
  school: School,
  calls: PhoneIncoming,
  register: CalendarDays,
  board: MapPinned,
  people: BookUser,
  imports: FileUp,
  moves: ArrowLeftRight,
  next_year: LayoutGrid,
  rollover: Milestone,
  settings: SlidersHorizontal,
  operations: Activity,
}

/** What stays around every screen of the staff: the rail of this person's places, the top line, the training edge. */
export default function Frame() {
  return (
    <AriaLocale locale="ja-JP">
      <Around />
    </AriaLocale>
  )
}

function Around() {
  const me = useMe()
  const places = placesOf(me)
  const here = useLocation({ select: ({ pathname }) => placeOf(pathname, places) })
  const { t, i18n } = useLingui()
  const session = useSession()
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  const [searching, setSearching] = useState(false)
  const searches = places.some(({ id }) => id === 'people')
  useSearchKey(() => setSearching(true), searches)
  const [slot, setSlot] = useState<HTMLElement | null>(null)
  const jumps = Object.fromEntries(places.map(({ letter, to }) => [letter, () => void navigate({ to })]))
  useJumps((letter) => shownScreen().jumps[letter] ?? jumps[letter], () => setHelp(true))

  return (
    <div className={styles.frame} data-training={me.training ? '' : undefined} data-single={places.length < 2 ? '' : undefined}>
      <a className={styles.skip} href="#main">
        <Trans>本文へ</Trans>
      </a>
      {me.training && <TrainingEdge />}
      <nav className={styles.rail} aria-label={t`メニュー`}>
        <span className={styles.brand} aria-hidden="true">
          <Trans>紬</Trans>
        </span>
        <ul className={styles.places}>
          {places.map(({ id, word, to }) => {
            const Icon = ICONS[id]
            return (
              <li key={id}>
                <Link to={to} className={styles.item} data-here={id === here ? '' : undefined} aria-current={id === here ? 'page' : undefined}>
                  <Icon aria-hidden size="1.25rem" strokeWidth={1.75} />
                  {i18n._(word)}
                </Link>
              </li>
            )
          })}
        </ul>
      </nav>
      <TopLine onHelp={() => setHelp(true)} onSearch={searches ? () => setSearching(true) : undefined} home={places.length === 1 ? places[0] : undefined} placeRef={setSlot} />
      <main id="main" className={styles.main} tabIndex={-1}>
        <StrandedSlot />
        <PlaceSlot value={slot}>{places.length ? <Inside /> : <NoPlaces />}</PlaceSlot>
      </main>
      <Suspense>
        {(session === 'ended' || session === 'another') && <SessionEnded another={session === 'another'} />}
        {searching && <Search onClose={() => setSearching(false)} />}
        {help && <KeysHelp onClose={() => setHelp(false)} />}
      </Suspense>
    </div>
  )
}

/** Stands over every screen while something is kept that this version cannot send. */
function StrandedSlot() {
  const me = useMe()
  const entries = useOutbox().filter(({ owner, state }) => owner === me.person.id && state === 'unknown')
  return entries.length ? (
    <Suspense>
      <Stranded entries={entries} />
    </Suspense>
  ) : null
}

/** The screen of the address; for a day that no calendar has (month 13), the way to today. */
function Inside() {
  const { date } = useParams({ strict: false })
  return date === undefined || dayParts(date) ? <Outlet /> : <NoSuchDay date={date} />
}

function NoSuchDay({ date }: { readonly date: string }) {
  const { t } = useLingui()
  const me = useMe()
  const router = useRouter()
  const here = useLocation({ select: ({ pathname }) => decodeURI(pathname) })
  useScreen(t`日付がありません`)
  return (
    <Empty
      page
      title={<Trans>日付がありません</Trans>}
      action={
        <div>
          <Button look="filled" onPress={() => router.history.push(here.replace(`/days/${date}`, `/days/${me.today}`))}>
            <Trans>今日へ</Trans>
          </Button>
        </div>
      }
    >
      <Trans>このアドレスの日付は、こよみにありません。</Trans>
    </Empty>
  )
}

/** Nobody is left before an empty rail without a word. */
function NoPlaces() {
  return (
    <Empty title={<Trans>いま開ける画面はありません</Trans>}>
      <Trans>担任や事務などの受け持ちが決まると、ここから開けます。</Trans>
    </Empty>
  )
}

/** Training is never mistaken for the real thing: a striped edge with the training date on every screen and print. */
function TrainingEdge() {
  const { t } = useLingui()
  const me = useMe()
  const day = workDay(me.today)
  return (
    <aside className={styles.edge} aria-label={t`れんしゅう`}>
      <span className={styles.tab}>
        <strong>
          <Trans>れんしゅう</Trans>
        </strong>{' '}
        {day}
      </span>
    </aside>
  )
}
