import { Trans } from '@lingui/react/macro'
import { sourceWord } from '~/api/problem'
import type { CodeWord, ExplainedFact } from '~/api/types'
import { timeOf, type Day } from '~/dates/dates'
import styles from './Facts.module.css'

interface FactsProps {
  readonly explain: readonly ExplainedFact[]
  readonly contradiction: string | null
  /** Words of the reasons of corrections. */
  readonly reasons: readonly CodeWord[]
  /** The day it is about: times of other days are told with theirs. */
  readonly date: Day
}

/** Who said what about a child's day, when, and which of it holds. */
export function Facts({ explain, contradiction, reasons, date }: FactsProps) {
  return (
    <div className={styles.why}>
      <p className={styles.whyTitle}>
        <Trans>入力の経過</Trans>
      </p>
      {contradiction !== null && <p className={styles.clash}>{contradiction}</p>}
      {explain.length === 0 ? (
        <p className={styles.nothing}>
          <Trans>まだだれも入れていません</Trans>
        </p>
      ) : (
        <ol className={styles.facts}>
          {explain.map((fact, i) => (
            <Fact key={i} fact={fact} reason={reasonWord(reasons, fact)} date={date} />
          ))}
        </ol>
      )}
    </div>
  )
}

function Fact({ fact, reason, date }: { readonly fact: ExplainedFact; readonly reason: string; readonly date: Day }) {
  return (
    <li className={styles.fact} data-holds={fact.holds ? '' : undefined}>
      <span className={styles.word}>{fact.word}</span>
      <span>
        {sourceWord(fact.source)} {fact.who} {timeOf(fact.at, date)}
        {reason !== '' && <span className={styles.reason}>{reason}</span>}
      </span>
      {fact.holds && (
        <span className={styles.holds}>
          <Trans>いまの印</Trans>
        </span>
      )}
    </li>
  )
}

/** The reason of a correction in words: one of the board's list, or what was written. */
function reasonWord(reasons: readonly CodeWord[], fact: ExplainedFact): string {
  if (fact.reason === null) return ''
  return reasons.find(({ code }) => code === fact.reason)?.word ?? fact.reason
}
