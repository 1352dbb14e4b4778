import { Trans, useLingui } from '@lingui/react/macro'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import panel from '~/parts/Panel.module.css'
import { addressOf, type Year } from './data'
import { Notes } from './Notes'
import { monthNumber, sumsOf } from './rules'
import { Head, Sums } from './Sums'
import { STATES } from './words'
import styles from './Page.module.css'

/** The year by child: the days absent of each month, and the sums. */
export function YearSheet({ year }: { readonly year: Year }) {
  const { t, i18n } = useLingui()
  const sums = sumsOf(year.totals)
  return (
    <>
      <p className={panel.note}>
        <Trans>月の欄は欠席日数です。月を押すと、その月の出席簿を開きます。</Trans>
      </p>
      <div className={styles.scroll} role="region" aria-label={t`年間の出席簿の表`} tabIndex={0}>
        <table className={styles.sheet} data-year="">
          <thead>
            <tr>
              <th scope="col" className={styles.number}>
                <Trans>番号</Trans>
              </th>
              <th scope="col" className={styles.name}>
                <Trans>氏名</Trans>
              </th>
              {year.months.map((month) => (
                <th key={month} scope="col" className={styles.month}>
                  <Goto href={addressOf(year.class_id, month)}>
                    <Trans>{monthNumber(month)}月</Trans>
                  </Goto>
                </th>
              ))}
              <Head sums={sums} />
            </tr>
          </thead>
          <tbody>
            {year.lines.map((line) => (
              <tr key={line.pupil.id}>
                <td className={styles.number}>{line.number ?? '―'}</td>
                <th scope="row" className={styles.name} title={fullName(line.pupil)}>
                  {fullName(line.pupil)}
                </th>
                {line.months.map((counts, n) => (
                  <td key={year.months[n]} data-zero={counts.absent === 0 ? '' : undefined}>
                    {counts.days > 0 ? counts.absent : ''}
                  </td>
                ))}
                <Sums counts={line.counts} sums={sums} />
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td className={styles.number} />
              <th scope="row" className={styles.name}>
                <Trans>計</Trans>
              </th>
              {year.by_month.map((counts, n) => (
                <td key={year.months[n]}>{counts.days > 0 ? counts.absent : ''}</td>
              ))}
              <Sums counts={year.totals} sums={sums} />
            </tr>
            <tr>
              <td className={styles.number} />
              <th scope="row" className={styles.name}>
                <Trans>授業日数</Trans>
              </th>
              {year.lessons.map((lessons, n) => (
                <td key={year.months[n]}>{lessons}</td>
              ))}
              {sums.map((name) => (
                <td key={name} className={styles.sum} />
              ))}
            </tr>
            {year.states.some((state) => state !== null) && (
              <tr>
                <td className={styles.number} />
                <th scope="row" className={styles.name}>
                  <Trans>締め</Trans>
                </th>
                {year.states.map((state, n) => (
                  <td key={year.months[n]} className={styles.state}>
                    {state === null ? '' : i18n._(STATES[state])}
                  </td>
                ))}
                {sums.map((name) => (
                  <td key={name} className={styles.sum} />
                ))}
              </tr>
            )}
          </tfoot>
        </table>
      </div>
      <Notes register={year} />
    </>
  )
}
