import { Trans, useLingui } from '@lingui/react/macro'
import { Fragment } from 'react'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import panel from '~/parts/Panel.module.css'
import { addressOf, type Counts, type Sums as BothSums, type Year } from './data'
import { FormerDays } from './FormerDays'
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
              <Fragment key={line.pupil.id}>
              <tr>
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
              {line.former && (
                <>
                  <Both word={t`前の学校`} name={fullName(line.pupil)} of={line.former.sums} months={year.months.length} sums={sums} note={line.former.together ? undefined : t`学級がえの前後の日数は、もう一つの学級にあります`} />
                  {line.former.together && <Both word={t`合わせて`} name={fullName(line.pupil)} of={line.former.together} months={year.months.length} sums={sums} />}
                </>
              )}
              </Fragment>
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
      <FormerDays year={year} />
      <Notes ofClass={year.notes} lines={year.lines} />
    </>
  )
}

/** Under a child's line what its former school counted, and both schools together: what the 指導要録 of the year has. */
function Both({ word, name, of, months, sums, note }: { readonly note?: string | undefined; readonly word: string; readonly name: string; readonly of: BothSums; readonly months: number; readonly sums: readonly (keyof Counts)[] }) {
  const shown: Partial<Record<keyof Counts, number>> = of
  return (
    <tr data-former="">
      <td className={styles.number} />
      <th scope="row" className={styles.name} aria-label={`${name} ${word}`}>
        {word}
      </th>
      <td colSpan={months}>{note}</td>
      {sums.map((sum) => (
        <td key={sum} className={styles.sum} data-sum={sum}>
          {shown[sum] ?? ''}
        </td>
      ))}
    </tr>
  )
}
