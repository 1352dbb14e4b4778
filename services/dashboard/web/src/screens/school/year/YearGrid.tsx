import { Trans } from '@lingui/react/macro'
import type { Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import panel from '~/parts/Panel.module.css'
import type { SchoolYear } from './data'
import { monthsOf } from './rules'
import styles from './Page.module.css'

/** What the grid's tints and characters mean. */
function Legend() {
  return (
    <span className={styles.legend}>
      <span className={panel.whole}>
        <span className={styles.swatch} aria-hidden="true" /> <Trans>授業日</Trans>
      </span>
      <span className={panel.whole}>
        <span className={styles.swatch} data-off="" aria-hidden="true" /> <Trans>休み</Trans>
      </span>
      <span className={`${panel.whole} ${styles.screenOnly}`}>
        <span className={styles.swatch} data-today="" aria-hidden="true" /> <Trans>きょう</Trans>
      </span>
      <span>
        <Trans>土＝土曜授業、休＝休業日、振＝振替休業、行＝行事、学＝学年休業、臨＝臨時休業。点線のあるものは、一部の学年・学級だけ</Trans>
      </span>
    </span>
  )
}

/** The year at one glance: white days meet, grey ones do not, a character says what they are. */
export function YearGrid({ year, today }: { readonly year: SchoolYear; readonly today: Day }) {
  return (
    <Block title={<Trans>年間の授業日</Trans>} aside={<Legend />} table>
      <table className={styles.grid}>
        <thead>
          <tr>
            <th scope="col">
              <Trans>月</Trans>
            </th>
            {Array.from({ length: 31 }, (_, i) => (
              <th key={i} scope="col">
                {i + 1}
              </th>
            ))}
            <th scope="col">
              <Trans>日数</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {monthsOf(year).map(({ month, days, cells }) => (
            <tr key={month}>
              <th scope="row">
                <Trans>{month}月</Trans>
              </th>
              {cells.map(({ day, meets, glyph, part, words }) => (
                <td key={day} aria-label={words} title={words} data-off={meets ? undefined : ''} data-today={day === today ? '' : undefined} aria-current={day === today ? 'date' : undefined}>
                  {part ? <span className={styles.part}>{glyph}</span> : glyph}
                </td>
              ))}
              {cells.length < 31 && <td colSpan={31 - cells.length} className={styles.none} aria-hidden="true" />}
              <td className={styles.sum}>{days}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  )
}
