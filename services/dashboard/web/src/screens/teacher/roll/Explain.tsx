import { Trans } from '@lingui/react/macro'
import type { ExplainedFact, Roll, RollMember } from '~/api/types'
import { timeOf } from '~/dates/dates'
import { reasonWord, sourceWord } from './words'
import styles from './CellPanel.module.css'

/** Who said what about this day, when, and which of it holds. */
export function Explain({ roll, member }: { readonly roll: Roll; readonly member: RollMember }) {
  const { explain, contradiction } = member.cell
  return (
    <div className={styles.why}>
      <p className={styles.whyTitle}>
        <Trans>わけ</Trans>
      </p>
      {contradiction !== null && <p className={styles.clash}>{contradiction}</p>}
      {explain.length === 0 ? (
        <p className={styles.nothing}>
          <Trans>まだだれも入れていません</Trans>
        </p>
      ) : (
        <ol className={styles.facts}>
          {explain.map((fact, i) => (
            <Fact key={i} fact={fact} roll={roll} />
          ))}
        </ol>
      )}
    </div>
  )
}

function Fact({ fact, roll }: { readonly fact: ExplainedFact; readonly roll: Roll }) {
  const reason = reasonWord(roll.reasons, fact)
  return (
    <li className={styles.fact} data-holds={fact.holds ? '' : undefined}>
      <span className={styles.word}>{fact.word}</span>
      <span>
        {sourceWord(fact.source)} {fact.who} {timeOf(fact.at, roll.date)}
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
