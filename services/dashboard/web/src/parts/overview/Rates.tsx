import { Plural, Trans, useLingui } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import type { Measured, MeasuredGrade, OverviewRule, ReasonCount } from '~/api/types'
import { Block } from '../Block'
import { counted } from '../counted'
import { gradeWord } from '../grades'
import panel from '../Panel.module.css'
import { Table, type TableColumn } from '../Table'
import { percent, shareOf } from './share'
import styles from './overview.module.css'
import './words'

/**
 * A share of those whose roll is confirmed, and in brackets what is usual. What stands out says so in a word, too: it
 * does already, however the rest turns out.
 */
export function Share({ of, what }: { readonly of: Measured; readonly what: 'away' | 'late' }) {
  const out = what === 'away' && of.stands_out
  const known = of.rated?.here ? shareOf(of.rated[what], of.rated.here) : out ? shareOf(of.away, of.here) : null
  const share = known ?? '―'
  const usual = of.usual && percent(of.usual[what])
  return (
    <span className={panel.whole}>
      <span className={out ? styles.out : undefined}>
        {share}
        {out && (
          <>
            {' '}
            <Trans>多い</Trans>
          </>
        )}
      </span>{' '}
      {usual !== null && (
        <span className={styles.usual}>
          <Trans>（{usual}）</Trans>
        </span>
      )}
    </span>
  )
}

/** The two shares as columns. */
export function shareColumns(late?: 'wide'): readonly TableColumn<Measured>[] {
  return [
    { head: <Trans>休み（いつも）</Trans>, cell: (row) => <Share of={row} what="away" />, number: true },
    { head: <Trans>遅刻（いつも）</Trans>, cell: (row) => <Share of={row} what="late" />, number: true, wide: late === 'wide' },
  ]
}

/** How many classes have lessons, and whose roll stands. */
interface Taken {
  readonly classes: number
  readonly classes_taken: number
}

/** How much of a rate is known, until all of it is: read early in the day, it is no day's result. */
function Known({ classes, classes_taken }: Taken) {
  const [all, taken] = [counted(classes), counted(classes_taken)]
  if (classes_taken >= classes) return null
  return (
    <span className={`${styles.known} ${panel.wait}`}>
      <Trans>
        {all}学級中{taken}学級が確定
      </Trans>
    </span>
  )
}

interface GradesProps {
  readonly whole: { readonly word: ReactNode; readonly of: Measured & Taken & { readonly members: number | null } }
  readonly grades: readonly MeasuredGrade[]
  readonly rule: OverviewRule
  /** Leads to a grade's classes. */
  readonly link?: (grade: string | null, word: string) => ReactNode
}

/** The grades and the whole of them, each beside what is usual. */
export function Grades({ whole, grades, rule, link }: GradesProps) {
  const { t } = useLingui()
  const rows = [{ id: 'whole', word: whole.word, ...whole.of }, ...grades.map((one) => ({ id: `grade ${one.grade}`, word: named(one.grade), ...one }))]
  function named(grade: string | null): ReactNode {
    const word = grade === null ? t`学年をまたぐ学級` : gradeWord(grade)
    return link ? link(grade, word) : word
  }
  return (
    <div className={styles.narrow}>
      <Block title={<Trans>学年ごとの割合</Trans>} table>
        <Table
          rows={rows}
          id={({ id }) => id}
          columns={[
            {
              head: <Trans>学年</Trans>,
              cell: (row) => (
                <>
                  {row.word} <Known {...row} />
                </>
              ),
            },
            { head: <Trans>授業のある子</Trans>, cell: ({ here }) => here ?? '―', number: true, wide: true },
            { head: <Trans>休みの人数</Trans>, cell: ({ away }) => away ?? '―', number: true, wide: true },
            ...shareColumns(),
          ]}
        />
      </Block>
      <RuleWords rule={rule} days={whole.of.usual?.days ?? null} />
    </div>
  )
}

function RuleWords({ rule: { window, least }, days }: { readonly rule: OverviewRule; readonly days: number | null }) {
  return (
    <p className={panel.aside}>
      <Trans>休みは、欠席・出席停止・忌引の子の割合です。いつもの値は、この日の前の{window}授業日のまん中の値です。臨時休業の日と、出欠を確定していない日は入れません。きょうの割合も、出欠を確定した学級だけのものです。</Trans>{' '}
      {days === null ? (
        <Trans>まだ{least}日分ないので、出していません。</Trans>
      ) : (
        days < window && <Plural value={days} other="いまは#日分から出しています。" />
      )}
    </p>
  )
}

/** Why children are away, by the board's codes. */
export function Reasons({ reasons, left = 0 }: { readonly reasons: readonly ReasonCount[]; readonly left?: number }) {
  return (
    <Block title={<Trans>休みの理由</Trans>}>
      {reasons.length === 0 ? (
        <p className={panel.aside}>
          <Trans>いまのところ、休みの子はいません。</Trans>
        </p>
      ) : (
        <dl className={panel.counts}>
          {reasons.map(({ code, word, count }) => (
            <div key={code}>
              <dt>{word}</dt>
              <dd>{counted(count)}</dd>
            </div>
          ))}
        </dl>
      )}
      {left > 0 && (
        <p className={panel.aside}>
          <Plural value={left} other="5人未満の学級や学年（#学級）は、人数を出しません。引き算で分かる数も出しません。" />
        </p>
      )}
    </Block>
  )
}
