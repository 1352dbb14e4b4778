import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import type { NotConnected, Problem } from '~/api/problem'
import { Button } from './Button'
import { Refused } from './Refused'
import { Strip } from './Strip'
import panel from './Panel.module.css'
import styles from './LastChange.module.css'

interface LastChangeProps {
  /** Who changed what, and when. */
  readonly children: ReactNode
  /** How much of it: 「（3人）」. */
  readonly much: ReactNode
  readonly error: Problem | NotConnected | null
  readonly onUndo: () => void
}

/** What was done last, and the way back while nothing else has changed. Only for the screen. */
export function LastChange({ children, much, error, onUndo }: LastChangeProps) {
  return (
    <div className={styles.change}>
      <Strip
        kind="plain"
        live
        action={
          <Button size="small" onPress={onUndo}>
            <Trans>元に戻す</Trans>
          </Button>
        }
      >
        {children} <span className={panel.whole}>{much}</span>
      </Strip>
      <Refused error={error} />
    </div>
  )
}
