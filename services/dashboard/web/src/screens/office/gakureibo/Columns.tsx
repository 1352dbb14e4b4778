import { Trans, useLingui } from '@lingui/react/macro'
import type { Content, Item, Look } from './data'
import { offered, unread, withColumn } from './rules'
import styles from './gakureibo.module.css'

interface ColumnsProps {
  readonly items: readonly Item[]
  readonly look: Look
  readonly content: Content
  readonly onChange: (content: Content) => void
}

/** Each item with the column that says it, and what stands in that column. */
export function Columns({ items, look, content, onChange }: ColumnsProps) {
  const { t } = useLingui()
  const rest = unread(look, content)
  return (
    <>
      <ul className={styles.items}>
        {offered(items, content).map(({ item, word, needed }) => {
          const heading = content.columns[item] ?? ''
          const column = look.columns.find((each) => each.heading === heading)
          const lacks = needed && heading === ''
          return (
            <li key={item} className={styles.item} data-lacks={lacks ? '' : undefined}>
              <label htmlFor={`column-${item}`}>
                {word} {needed && <span className={styles.need}>{t`必須`}</span>}
              </label>
              <select
                id={`column-${item}`}
                className={styles.select}
                aria-describedby={`column-${item}-says`}
                aria-invalid={lacks || undefined}
                value={heading}
                onChange={({ target }) => onChange(withColumn(content, item, target.value))}
              >
                <option value="">{t`―（ない）`}</option>
                {heading !== '' && !column && <option value={heading}>{t`${heading}（ファイルにありません）`}</option>}
                {look.columns.map((each) => (
                  <option key={each.heading} value={each.heading}>
                    {each.heading}
                  </option>
                ))}
              </select>
              <span id={`column-${item}-says`} className={styles.examples}>
                {lacks ? t`列を選んでください` : column ? column.examples.join('、') || t`（空の列です）` : ''}
              </span>
            </li>
          )
        })}
      </ul>
      {rest.length > 0 && (
        <p className={styles.hint}>
          <Trans>読まない列: {rest.join('、')}</Trans>
        </p>
      )}
    </>
  )
}
