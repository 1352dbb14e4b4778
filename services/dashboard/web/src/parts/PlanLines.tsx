import { Trans, useLingui } from '@lingui/react/macro'
import { useId, useRef, useState } from 'react'
import { holdImeEnter, isEnter } from '~/grid/ime'
import { Button } from './Button'
import { Choose, Field } from './Field'
import styles from './PlanLines.module.css'

interface PlanLinesProps {
  readonly text: string
  readonly onText: (text: string) => void
  /** Words of the second column. */
  readonly kinds: readonly string[]
  /** What a line may be about, beside 全校. */
  readonly whom: readonly string[]
  /** Ctrl+Enter. */
  readonly onDone: () => void
  /** What the lines are, when they are not changes. */
  readonly label?: string
  readonly rows?: number
}

/** Lines of a year's plan, pasted from a spreadsheet or put together one by one. Nothing is read here. */
export function PlanLines({ text, onText, kinds, whom, onDone, label, rows = 7 }: PlanLinesProps) {
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  return (
    <div className={styles.lines}>
      <AddLine kinds={kinds} whom={whom} onAdd={(line) => onText(addedLine(text, line))} />
      <label className={styles.label} htmlFor={id}>
        {label ?? <Trans>変える予定（1行に1つ）</Trans>}
      </label>
      <p id={`${id}-hint`} className={styles.hint}>
        <Trans>表計算の日付・種類・内容・対象の4列を、そのまま貼り付けられます。</Trans>
      </p>
      <textarea
        ref={area}
        id={id}
        aria-describedby={`${id}-hint`}
        className={styles.text}
        rows={rows}
        wrap="off"
        value={text}
        spellCheck={false}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (!isEnter(event) || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          onDone()
        }}
      />
    </div>
  )
}

/** The text with one more line at its end. */
export function addedLine(text: string, line: string): string {
  const before = text.replace(/\s+$/, '')
  return before === '' ? line : `${before}\n${line}`
}

/** One line without a spreadsheet. */
function AddLine({ kinds, whom, onAdd }: Pick<PlanLinesProps, 'kinds' | 'whom'> & { readonly onAdd: (line: string) => void }) {
  const { t } = useLingui()
  const [on, setOn] = useState('')
  const [kind, setKind] = useState(kinds[0] ?? '')
  const [words, setWords] = useState('')
  const [of, setOf] = useState('')
  const [missing, setMissing] = useState(false)
  return (
    <form
      className={styles.add}
      onSubmit={(event) => {
        event.preventDefault()
        setMissing(on.trim() === '')
        if (on.trim() === '') return
        onAdd([on, kind, words, of].map((cell) => cell.trim()).join('\t'))
        setOn('')
        setWords('')
      }}
      onKeyDown={holdImeEnter}
    >
      <Field
        label={<Trans>日付</Trans>}
        value={on}
        onChange={setOn}
        placeholder={t`5/9、7/21〜8/31`}
        wrong={missing && on.trim() === '' ? t`日付を書いてください。` : undefined}
      />
      <Choose label={<Trans>種類</Trans>} value={kind} onChange={setKind} options={kinds.map((word) => ({ value: word, word }))} />
      <Field label={<Trans>内容</Trans>} value={words} onChange={setWords} />
      <Choose label={<Trans>対象</Trans>} value={of} onChange={setOf} options={[{ value: '', word: t`全校` }, ...whom.map((word) => ({ value: word, word }))]} />
      <Button type="submit">
        <Trans>行を加える</Trans>
      </Button>
    </form>
  )
}
