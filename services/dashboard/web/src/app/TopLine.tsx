import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { ChevronLeft, CircleUserRound, CloudOff, RefreshCw, Search, TriangleAlert } from 'lucide-react'
import { Link, useLocation } from '@tanstack/react-router'
import { Suspense, useRef, useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { signInAddress, useSession } from '~/api/session'
import { clockTime } from '~/dates/dates'
import { useLiveState } from '~/live/live'
import { counts } from '~/outbox/rules'
import { useOutbox } from '~/outbox/useOutbox'
import { Goto } from '~/parts/Goto'
import { later } from '~/parts/later'
import { fullName } from '~/parts/Name'
import { useMe } from './me'
import type { Place } from './rail'
import styles from './TopLine.module.css'

const MePanel = later(() => import('./MePanel'))
const SignOutDialog = later(() => import('./SignOutDialog'))

interface TopLineProps {
  readonly onHelp: () => void
  /** Absent where nobody may be looked for. */
  readonly onSearch: (() => void) | undefined
  /** The only place of this person: on a phone it needs no bar, only a way back. */
  readonly home: Place | undefined
  /** Takes the element in which the screen says where one is. */
  readonly placeRef: (slot: HTMLElement | null) => void
}

export function TopLine({ onHelp, onSearch, home, placeRef }: TopLineProps) {
  const { i18n, t } = useLingui()
  const path = useLocation({ select: ({ pathname }) => pathname })
  return (
    <header className={styles.top}>
      {home && !path.startsWith(home.to) && (
        <Link to={home.to} className={styles.home} aria-label={i18n._(home.word)}>
          <ChevronLeft aria-hidden size="1.5rem" strokeWidth={1.75} />
        </Link>
      )}
      <div ref={placeRef} className={styles.place} />
      {onSearch && (
        <AriaButton className={styles.me!} onPress={onSearch} aria-label={t`人をさがす（Ctrl+K）`}>
          <Search aria-hidden size="1.25rem" strokeWidth={1.75} />
          <span className={styles.find}>
            <Trans>さがす</Trans>
          </span>
        </AriaButton>
      )}
      <UnsentBadge />
      <LiveBadge />
      <MeMenu onHelp={onHelp} />
    </header>
  )
}

/** How many commands of mine nobody has confirmed; leads to where they were made. */
function UnsentBadge() {
  const me = useMe()
  const queue = useOutbox()
  const { unsent, stuck } = counts(queue, me.person.id)
  const open = queue.find((entry) => entry.owner === me.person.id && (stuck === 0 || entry.state !== 'waiting'))
  if (!open) return null
  return (
    <Goto href={open.screen} className={styles.badge} data-kind={stuck ? 'stuck' : 'unsent'}>
      {stuck ? <TriangleAlert aria-hidden size="1.125rem" strokeWidth={1.75} /> : <CloudOff aria-hidden size="1.125rem" strokeWidth={1.75} />}
      {stuck ? <Plural value={stuck} other="見て直す #件" /> : <Plural value={unsent} other="未送信 #件" />}
    </Goto>
  )
}

function LiveBadge() {
  const live = useLiveState()
  const session = useSession()
  if (session !== 'open')
    return (
      <a className={styles.badge} data-kind="lost" href={signInAddress(location.pathname + location.search, session === 'another')}>
        <Trans>サインインが必要です</Trans>
      </a>
    )
  if (live.kind === 'lost') {
    const at = clockTime(live.since)
    return (
      <span className={styles.badge} data-kind="lost" role="status">
        <Trans>{at} 時点の表示です</Trans>
      </span>
    )
  }
  return (
    <span className={styles.live} data-kind={live.kind}>
      <RefreshCw aria-hidden size="0.875rem" strokeWidth={2} />
      <Trans>自動で更新</Trans>
    </span>
  )
}

function MeMenu({ onHelp }: { readonly onHelp: () => void }) {
  const { t } = useLingui()
  const me = useMe()
  const name = fullName(me.person)
  const trigger = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const [leaving, setLeaving] = useState(false)
  return (
    <>
      <AriaButton className={`${styles.me} ${styles.keys}`} aria-label={t`キーの一覧`} onPress={onHelp}>
        ?
      </AriaButton>
      <AriaButton ref={trigger} className={styles.me!} aria-label={t`わたし ${name}`} aria-expanded={open} aria-haspopup="dialog" onPress={() => setOpen(!open)}>
        <CircleUserRound aria-hidden size="1.25rem" strokeWidth={1.75} />
        <span className={styles.name}>
          {name}
        </span>
      </AriaButton>
      <Suspense>
        {open && (
          <MePanel
            trigger={trigger}
            onClose={() => setOpen(false)}
            onHelp={onHelp}
            onLeave={() => setLeaving(true)}
          />
        )}
        {leaving && <SignOutDialog onClose={() => setLeaving(false)} />}
      </Suspense>
    </>
  )
}
