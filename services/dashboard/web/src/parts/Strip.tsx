import { CircleAlert, CircleCheck, CloudOff, Info } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './Strip.module.css'

interface StripProps {
  /** `wrong`: refused, to be mended. `look`: needs a decision. `wait`: not sent. `good`: done. `plain`: to know. */
  readonly kind: 'wrong' | 'look' | 'wait' | 'good' | 'plain'
  readonly children: ReactNode
  readonly action?: ReactNode
  /** Said by screen readers when it appears. */
  readonly live?: boolean
  /** The keyboard goes on from here when it appears: what was pressed is gone. */
  readonly focused?: boolean
  readonly id?: string
}

const ICONS = { wrong: CircleAlert, look: CircleAlert, wait: CloudOff, good: CircleCheck, plain: Info }

const focusOn = (element: HTMLElement | null) => element?.focus()

/** One line over the work that says what matters now, and acts in place. */
export function Strip({ kind, children, action, live = false, focused = false, id }: StripProps) {
  const Icon = ICONS[kind]
  return (
    <div className={styles.strip} data-kind={kind} id={id} role={live ? 'status' : undefined} {...(focused ? { ref: focusOn, tabIndex: -1 } : {})}>
      <Icon aria-hidden size="1.25rem" strokeWidth={1.75} />
      <div className={styles.words}>{children}</div>
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  )
}
