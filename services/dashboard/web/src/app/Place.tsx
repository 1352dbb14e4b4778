import { Trans, useLingui } from '@lingui/react/macro'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { createContext, useContext, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { addDays, workDay, type Day } from '~/dates/dates'
import { Goto } from '~/parts/Goto'
import styles from './Place.module.css'

interface PlaceProps {
  /** The page's heading. */
  readonly title: ReactNode
  /** School and class, outermost first. */
  readonly of?: readonly string[]
  readonly date?: Day
  /** The day at the desk, to mark other days. */
  readonly today?: Day
  /** The same screen on another day. */
  readonly addressOn?: (day: Day) => string
  /** Other screens of the same place. */
  readonly beside?: Beside | readonly (Beside | undefined)[] | undefined
}

interface Beside {
  readonly href: string
  readonly word: string
}

/** The element of the top line that takes the place of the screen. */
export const PlaceSlot = createContext<HTMLElement | null>(null)

/** Where one is, in the frame's top line: what, where, which day. All of it is in the address. */
export function Place(props: PlaceProps) {
  const slot = useContext(PlaceSlot)
  return slot ? createPortal(<PlaceLine {...props} />, slot) : null
}

function PlaceLine({ title, of = [], date, today, addressOn, beside }: PlaceProps) {
  const { t } = useLingui()
  return (
    <div className={styles.place}>
      <h1 className={styles.title}>{title}</h1>
      {of.length > 0 && (
        <p className={styles.of}>
          {of.map((part) => (
            <span key={part}>{part}</span>
          ))}
        </p>
      )}
      {date !== undefined && (
        <div className={styles.day}>
          {addressOn && (
            <Goto className={styles.turn} href={addressOn(addDays(date, -1))} aria-label={t`前の日`} title={t`前の日（g p）`}>
              <ChevronLeft aria-hidden size="1.25rem" strokeWidth={1.75} />
            </Goto>
          )}
          <time dateTime={date}>{workDay(date)}</time>
          {addressOn && (
            <Goto className={styles.turn} href={addressOn(addDays(date, 1))} aria-label={t`次の日`} title={t`次の日（g n）`}>
              <ChevronRight aria-hidden size="1.25rem" strokeWidth={1.75} />
            </Goto>
          )}
          {addressOn && today !== undefined && date !== today && (
            <Goto className={styles.back} href={addressOn(today)}>
              <Trans>今日へ</Trans>
            </Goto>
          )}
        </div>
      )}
      {[beside].flat().map(
        (one) =>
          one && (
            <Goto key={one.href} className={styles.back} href={one.href}>
              {one.word}
            </Goto>
          ),
      )}
    </div>
  )
}
