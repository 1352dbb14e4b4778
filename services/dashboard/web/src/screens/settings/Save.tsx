import { Trans, useLingui } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import type { Problem, NotConnected } from '~/api/problem'
import { useMe } from '~/app/me'
import { fullDay, type Day } from '~/dates/dates'
import { isEnter } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, type WrittenDay } from '~/parts/DayField'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import styles from './Dated.module.css'

interface SaveProps {
  /** What is written: Ctrl+Enter in it saves. */
  readonly children: ReactNode
  readonly since: WrittenDay & { readonly field: { readonly value: Day | null; readonly onChange: (day: Day | null, why: string | null) => void } }
  /** Another day is written there by a version that is gone on from. */
  readonly turn: number
  readonly dirty: boolean
  /** The day from which what was last saved holds; null once something is written again. */
  readonly saved: Day | null
  /** What the day means. */
  readonly note: ReactNode
  readonly error: Problem | NotConnected | null
  readonly onSave: () => void
  readonly onDrop: () => void
}

/** From when on, and the two ways out of what is written. */
export function Save({ children, since, turn, dirty, saved, note, error, onSave, onDrop }: SaveProps) {
  const { t } = useLingui()
  const { today } = useMe()
  const missing = dayMissing(t`始まる日`, since, true)
  const off = missing !== false ? missing : dirty ? undefined : t`変えたところがありません`
  const day = saved === null ? '' : fullDay(saved)
  return (
    <div
      className={styles.form}
      onKeyDown={(event) => {
        if (!isEnter(event.nativeEvent) || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        if (off === undefined) onSave()
      }}
    >
      {children}
      <div className={styles.save}>
      <DayField key={turn} label={t`始まる日`} required today={today} {...since.field} />
      <p className={styles.by}>{note}</p>
      <Refused error={error} />
      {saved !== null && !dirty && (
        <Strip kind="good" live>
          <Trans>保存しました。{day}から使います。</Trans>
        </Strip>
      )}
      <div className={panel.bar}>
        <Button look={off === undefined ? 'filled' : 'line'} onPress={onSave} off={off} shortcut="Ctrl+Enter">
          <Trans>この日から使う</Trans>
        </Button>
        {dirty && (
          <Button onPress={onDrop}>
            <Trans>いまの決まりに戻す</Trans>
          </Button>
        )}
        <span className={styles.by} role="status">
          {dirty && <Trans>まだ保存していません</Trans>}
        </span>
      </div>
      </div>
    </div>
  )
}
