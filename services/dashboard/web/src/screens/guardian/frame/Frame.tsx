import '../words'
import { I18nProvider } from '@lingui/react'
import { Trans, useLingui } from '@lingui/react/macro'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { ChevronLeft, CloudOff, Settings } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useMe } from '~/app/me'
import { keepShell } from '~/app/shell'
import { Said } from '~/languages/Ruby'
import { marked, useSpeaking } from '~/languages/speaking'
import { counts } from '~/outbox/rules'
import { useOutbox } from '~/outbox/useOutbox'
import { useChoose } from '../choosing'
import { HOME } from '../data'
import { dayIn } from '../days'
import { Banners } from './Banners'
import { NotHere } from './NotHere'
import { TitleSlot } from './Title'
import styles from './Frame.module.css'

/** What stays around a family's screens: a way home, the screen's name, readings, oneself. None of the staff's parts. */
export default function Frame() {
  return (
    <I18nProvider i18n={marked} defaultComponent={Said}>
      <Around />
    </I18nProvider>
  )
}

function Around() {
  const { t } = useLingui()
  const me = useMe()
  const path = useLocation({ select: ({ pathname }) => pathname })
  const [slot, setSlot] = useState<HTMLElement | null>(null)
  const ours = path === '/' || path === HOME || path.startsWith(`${HOME}/`)
  useEffect(() => void keepAll(), [])
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#main">
        <Trans>本文へ</Trans>
      </a>
      {me.training && <TrainingEdge />}
      <header className={styles.top}>
        {path !== HOME && (
          <Link to={HOME} className={styles.icon} aria-label={t`ホームへ`}>
            <ChevronLeft aria-hidden size="1.5rem" strokeWidth={1.75} />
          </Link>
        )}
        <div ref={setSlot} className={styles.place} />
        {path !== HOME && <Unsent />}
        <Furigana />
        <Link to="/family/settings" className={styles.icon} aria-label={t`設定`}>
          <Settings aria-hidden size="1.375rem" strokeWidth={1.75} />
        </Link>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        <TitleSlot value={slot}>
          <Banners />
          {ours ? <Outlet /> : <NotHere />}
        </TitleSlot>
      </main>
    </div>
  )
}

/** Readings over 漢字, on and off; only where there are any. */
function Furigana() {
  const { language, furigana } = useSpeaking()
  const choose = useChoose()
  if (!language.kanji) return null
  return (
    <button type="button" className={styles.furigana} aria-pressed={furigana} onClick={() => void choose(language.code, !furigana)}>
      <Trans>ふりがな</Trans>
    </button>
  )
}

/** What the school has not got yet; at home it stands in large letters with its child. */
function Unsent() {
  const me = useMe()
  const { unsent, stuck } = counts(useOutbox(), me.person.id)
  const n = unsent + stuck
  if (n === 0) return null
  return (
    <Link to={HOME} className={styles.badge}>
      <CloudOff aria-hidden size="1.125rem" strokeWidth={1.75} />
      <Trans>まだ届いていません（{n}）</Trans>
    </Link>
  )
}

/** Training is never mistaken for the real thing. */
function TrainingEdge() {
  const { t } = useLingui()
  const me = useMe()
  const { language } = useSpeaking()
  const day = dayIn(language, me.today)
  return (
    <aside className={styles.edge} aria-label={t`れんしゅう`}>
      <span>
        <strong>
          <Trans>れんしゅう</Trans>
        </strong>{' '}
        {day}
      </span>
    </aside>
  )
}

/** The screens that are written on stand on the device before they are wanted; then all of it is kept there. */
async function keepAll(): Promise<void> {
  await Promise.all([import('../home/Page'), import('../tell/Page'), import('../settings/Page')]).catch(() => undefined)
  await keepShell()
}
