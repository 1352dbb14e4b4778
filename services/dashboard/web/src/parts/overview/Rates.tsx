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

/** A share, and in brackets what is usual. What stands out says so in a word, too; before the roll nobody is not away. */
export function Share({ of, what }: { readonly of: Measured; readonly what: 'away' | 'late' }) {
  const share = of[what] === 0 && of.unrecorded !== 0 ? '―' : (shareOf(of[what], of.here) ?? '―')
  const usual = of.usual && percent(of.usual[what])
  const out = what === 'away' && of.stands_out
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

interface GradesProps {
  readonly whole: { readonly word: ReactNode; readonly of: Measured & { readonly members: number | null } }
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
    const word = grade === null ? t`学年のない学級` : gradeWord(grade)
    return link ? link(grade, word) : word
  }
  return (
    <div className={styles.narrow}>
      <Block title={<Trans>学年ごとの割合</Trans>} table>
        <Table
          rows={rows}
          id={({ id }) => id}
          columns={[
            { head: <Trans>学年</Trans>, cell: ({ word }) => word },
            { head: <Trans>授業のある子</Trans>, cell: ({ here }) => here ?? '―', number: true, wide: true },
            { head: <Trans>休みの人数</Trans>, cell: ({ away }) => away ?? '―', number: true },
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
      <Trans>休みは、欠席・出席停止・忌引の子の割合です。いつもの値は、この日の前の{window}授業日のまん中の値です。臨時休業の日と、出欠を確定していない日は入れません。きょうの確定していない学級は、分かっている分だけです。</Trans>{' '}
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
