import { Trans, useLingui } from '@lingui/react/macro'
import { schoolYearWord } from '~/dates/dates'
import { Button } from './Button'
import { Goto } from './Goto'
import styles from './YearNav.module.css'

interface YearNavProps {
  readonly year: number
  /** The same screen in another school year. */
  readonly addressOf: (year: number) => string
  /** There is something to print. */
  readonly printable: boolean
}

/** A year's plan: the years before and after it, and the whole of it on paper. */
export function YearNav({ year, addressOf, printable }: YearNavProps) {
  const { t } = useLingui()
  return (
    <nav className={styles.years} aria-label={t`年度`}>
      <Goto href={addressOf(year - 1)}>{schoolYearWord(year - 1)}</Goto>
      <strong>{schoolYearWord(year)}</strong>
      <Goto href={addressOf(year + 1)}>{schoolYearWord(year + 1)}</Goto>
      {printable && (
        <span className={styles.print}>
          <Button size="small" onPress={() => print()}>
            <Trans>印刷する</Trans>
          </Button>
        </span>
      )}
    </nav>
  )
}
