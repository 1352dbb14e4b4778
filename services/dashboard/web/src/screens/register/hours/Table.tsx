import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { monthDay, timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import panel from '~/parts/Panel.module.css'
import { addressOf } from '../lessons/data'
import { Notes } from '../sheet/Notes'
import type { Hours, HoursSheet } from './data'
import { sumsOf, SUMS } from './words'
import styles from '../sheet/Page.module.css'

/** Every child's lessons: 欠課 by subject, and the sums. */
export function Table({ sheet }: { readonly sheet: HoursSheet }) {
  const { t, i18n } = useLingui()
  const sums = sumsOf(sheet.totals)
  const month = sheet.month !== null
  return (
    <>
      <p className={panel.note}>
        <Trans>確定した時限だけを数えています。教科の欄は欠課時数です。欠課は、出席停止・忌引等の日を除きます。遅れて・途中までは出席に入ります。</Trans>
      </p>
      <div className={styles.scroll} role="region" aria-label={t`欠課時数の表`} tabIndex={0}>
        <table className={styles.sheet} data-hours="">
          <thead>
            <tr>
              <th scope="col" className={styles.number}>
                <Trans>番号</Trans>
              </th>
              <th scope="col" className={styles.name}>
                <Trans>氏名</Trans>
              </th>
              {sheet.subjects.map(({ code, word }) => (
                <th key={code ?? ''} scope="col" className={styles.subject} title={t`${word}の欠課時数`}>
                  {word}
                </th>
              ))}
              {sums.map((name) => (
                <th key={name} scope="col" className={styles.sum} abbr={i18n._(SUMS[name].whole)} title={i18n._(SUMS[name].whole)}>
                  {i18n._(SUMS[name].short)}
                </th>
              ))}
              {month && (
                <th scope="col" className={styles.sum} title={t`4月からこの月までの、この学級での欠課時数`}>
                  <Trans>欠課累計</Trans>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {sheet.lines.map(({ pupil, number, hours, by_subject, so_far, notes }) => (
              <tr key={pupil.id}>
                <td className={styles.number}>{number ?? '―'}</td>
                <th scope="row" className={styles.name} title={[fullName(pupil), ...notes].join(' ')}>
                  {fullName(pupil)}
                </th>
                {by_subject.map((of, n) => (
                  <td key={sheet.subjects[n]?.code ?? ''} data-zero={of.away === 0 ? '' : undefined} title={t`授業${of.lessons} 出席${of.there} 遅れて${of.late} 途中まで${of.left}`}>
                    {of.lessons > 0 ? of.away : ''}
                  </td>
                ))}
                <Sums hours={hours} sums={sums} />
                {month && <SoFar hours={so_far} />}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td className={styles.number} />
              <th scope="row" className={styles.name}>
                <Trans>学級の計</Trans>
              </th>
              {sheet.subjects.map(({ code, totals }) => (
                <td key={code ?? ''}>{totals.away}</td>
              ))}
              <Sums hours={sheet.totals} sums={sums} />
              {month && <SoFar hours={sheet.so_far} />}
            </tr>
            <tr>
              <td className={styles.number} />
              <th scope="row" className={styles.name}>
                <Trans>授業時数</Trans>
              </th>
              {sheet.subjects.map(({ code, lessons }) => (
                <td key={code ?? ''}>{lessons}</td>
              ))}
              {sums.map((name) => (
                <td key={name} className={styles.sum}>
                  {name === 'lessons' ? sheet.lessons : ''}
                </td>
              ))}
              {month && <td className={styles.sum} />}
            </tr>
          </tfoot>
        </table>
      </div>
      <Corrections sheet={sheet} />
      <Notes lines={sheet.lines} />
    </>
  )
}

function Sums({ hours, sums }: { readonly hours: Hours; readonly sums: readonly (keyof Hours)[] }) {
  return sums.map((name) => (
    <td key={name} className={styles.sum} data-sum={name} data-zero={hours[name] === 0 ? '' : undefined}>
      {hours[name]}
    </td>
  ))
}

function SoFar({ hours }: { readonly hours: Hours }) {
  return (
    <td className={styles.sum} data-sum="so_far" data-zero={hours.away === 0 ? '' : undefined}>
      {hours.away}
    </td>
  )
}

/** What was said of a lesson after its month was closed, as the 出席簿 tells it of days. */
function Corrections({ sheet }: { readonly sheet: HoursSheet }) {
  const { t } = useLingui()
  if (!sheet.corrections.length) return null
  return (
    <Block title={<Trans>締めたあとの訂正</Trans>} aside={<Plural value={sheet.corrections.length} other="#件" />}>
      <ul className={styles.told}>
        {sheet.corrections.map((one) => {
          const [day, period, before] = [monthDay(one.on), one.period, one.before ?? t`未入力`]
          const [when, who] = [timeOf(one.at, ''), fullName(one.by)]
          return (
            <li key={`${one.pupil.id} ${one.on} ${one.period} ${one.at}`}>
              <Goto href={addressOf(sheet.class_id, one.on)}>
                <Trans>
                  {day} {period}時限
                </Trans>
              </Goto>
              <span>{fullName(one.pupil)}</span>
              <span>
                <Trans>
                  「{before}」 → <strong>「{one.after}」</strong>
                </Trans>
              </span>
              <span>{one.reason_text ? t`${one.reason}：${one.reason_text}` : one.reason}</span>
              <span className={panel.aside}>
                <Trans>
                  {when} {who}
                </Trans>
              </span>
            </li>
          )
        })}
      </ul>
    </Block>
  )
}
