import { Trans } from '@lingui/react/macro'
import type { Day } from '~/dates/dates'
import { Month } from './words'
import styles from './Page.module.css'

interface MonthsProps {
  readonly all: readonly Day[]
  readonly chosen: readonly Day[]
  readonly onChange: (months: readonly Day[]) => void
}

/** The months of this school year that a draft is tried on. */
export function Months({ all, chosen, onChange }: MonthsProps) {
  return (
    <fieldset className={styles.months}>
      <legend>
        <Trans>ためす月（この年度）</Trans>
      </legend>
      {all.map((month) => (
        <label key={month} className={styles.check}>
          <input
            type="checkbox"
            checked={chosen.includes(month)}
            onChange={({ target }) => onChange(all.filter((one) => (one === month ? target.checked : chosen.includes(one))))}
          />
          <Month of={month} />
        </label>
      ))}
    </fieldset>
  )
}
