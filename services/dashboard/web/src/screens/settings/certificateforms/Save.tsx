import { Trans, useLingui } from '@lingui/react/macro'
import type { Problem, NotConnected } from '~/api/problem'
import { useMe } from '~/app/me'
import type { Day } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, type WrittenDay } from '~/parts/DayField'
import { Refused } from '~/parts/Refused'
import styles from './Page.module.css'

interface SaveProps {
  readonly since: WrittenDay & { readonly field: { readonly value: Day | null; readonly onChange: (day: Day | null, why: string | null) => void } }
  /** Another day is written there by a version that is gone on from. */
  readonly turn: number
  readonly dirty: boolean
  readonly error: Problem | NotConnected | null
  readonly onSave: () => void
  readonly onDrop: () => void
}

/** From when on, and the two ways out of what is written. */
export function Save({ since, turn, dirty, error, onSave, onDrop }: SaveProps) {
  const { t } = useLingui()
  const { today } = useMe()
  const missing = dayMissing(t`始まる日`, since, true)
  const off = missing !== false ? missing : dirty ? undefined : t`変えたところがありません`
  return (
    <div className={styles.save}>
      <DayField key={turn} label={t`始まる日`} required today={today} {...since.field} />
      <p className={styles.by}>
        <Trans>この日から出す証明書に使います。もう出した証明書は変わりません。前の日付を書くと、その日からの決まりとして入ります。</Trans>
      </p>
      <Refused error={error} />
      <div className={styles.bar}>
        <Button look={off === undefined ? 'filled' : 'line'} onPress={onSave} off={off}>
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
  )
}
