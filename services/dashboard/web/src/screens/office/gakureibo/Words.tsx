import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { Block } from '~/parts/Block'
import type { Content, Does, Look, Mappings } from './data'
import { unknownReasons, unknownSchools } from './rules'
import styles from './gakureibo.module.css'

const NOT_OURS = 'none'

interface WordsProps {
  readonly look: Look
  readonly content: Content
  readonly schools: Mappings['schools']
  readonly onChange: (content: Content) => void
}

/** How the file writes schools and reasons, where that says nothing by itself: asked once, and remembered. */
export function Words({ look, content, schools, onChange }: WordsProps) {
  const { t } = useLingui()
  // What was asked stays in sight after it was answered.
  const [asked, setAsked] = useState({ of: look, schools: unknownSchools(look, content), reasons: unknownReasons(look, content) })
  if (asked.of !== look) setAsked({ of: look, schools: unknownSchools(look, content), reasons: unknownReasons(look, content) })
  if (!asked.schools.length && !asked.reasons.length) return null
  const does: readonly { readonly value: Does; readonly word: string }[] = [
    { value: 'enters', word: t`4月に入学` },
    { value: 'arrives', word: t`転入` },
    { value: 'nothing', word: t`読みとばす` },
  ]
  return (
    <Block title={<Trans>書き方を決める</Trans>} aside={<Trans>決めたことは対応づけに残ります</Trans>}>
      <ul className={styles.items}>
        {asked.schools.map((word) => (
          <li key={word} className={styles.item}>
            <label htmlFor={`school-${word}`}>
              <Trans>学校「{word}」</Trans>
            </label>
            <select
              id={`school-${word}`}
              className={styles.select}
              value={word in content.schools ? (content.schools[word] ?? NOT_OURS) : ''}
              onChange={({ target }) => onChange({ ...content, schools: without(content.schools, word, target.value === NOT_OURS ? null : target.value) })}
            >
              <option value="">{t`まだ決めない`}</option>
              {schools.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
              <option value={NOT_OURS}>{t`市の学校ではない（読みとばす）`}</option>
            </select>
          </li>
        ))}
        {asked.reasons.map((word) => (
          <li key={word} className={styles.item}>
            <label htmlFor={`reason-${word}`}>
              <Trans>異動事由「{word}」</Trans>
            </label>
            <select
              id={`reason-${word}`}
              className={styles.select}
              value={content.reasons[word] ?? ''}
              onChange={({ target }) => onChange({ ...content, reasons: without(content.reasons, word, target.value as Does) })}
            >
              <option value="">{t`まだ決めない`}</option>
              {does.map(({ value, word: told }) => (
                <option key={value} value={value}>
                  {told}
                </option>
              ))}
            </select>
          </li>
        ))}
      </ul>
    </Block>
  )
}

/** The words with another answer for one of them; an empty answer is none. */
function without<T extends string | null>(words: Readonly<Record<string, T>>, word: string, answer: T): Record<string, T> {
  const others = Object.fromEntries(Object.entries(words).filter(([each]) => each !== word)) as Record<string, T>
  return answer === '' ? others : { ...others, [word]: answer }
}
