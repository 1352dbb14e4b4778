import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { holdImeEnter, isEnter } from '~/grid/ime'
import { Area } from './Area'
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
  /** Ctrl+Enter, with the lines as they then are: one that was filled in and not added yet is among them. */
  readonly onDone: (text: string) => void
  /** What the lines are, when they are not changes. */
  readonly label?: string
  readonly rows?: number
}

/** Lines of a year's plan, pasted from a spreadsheet or put together one by one. Nothing is read here. */
export function PlanLines({ text, onText, kinds, whom, onDone, label, rows = 7 }: PlanLinesProps) {
  return (
    <div className={styles.lines}>
      <AddLine
        kinds={kinds}
        whom={whom}
        onAdd={(line, done) => {
          const next = line === null ? text : addedLine(text, line)
          if (line !== null) onText(next)
          if (done) onDone(next)
        }}
      />
      <Area
        label={label ?? <Trans>変える予定（1行に1つ）</Trans>}
        hint={<Trans>表計算の日付・種類・内容・対象の4列を、そのまま貼り付けられます。</Trans>}
        value={text}
        rows={rows}
        cells
        onChange={onText}
        onKeyDown={(event) => {
          if (!isEnter(event) || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          onDone(text)
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
function AddLine({ kinds, whom, onAdd }: Pick<PlanLinesProps, 'kinds' | 'whom'> & { readonly onAdd: (line: string | null, done: boolean) => void }) {
  const { t } = useLingui()
  const [on, setOn] = useState('')
  const [kind, setKind] = useState(kinds[0] ?? '')
  const [words, setWords] = useState('')
  const [of, setOf] = useState('')
  const [missing, setMissing] = useState(false)
  /** `done`: and that was all. What was filled in without its day is neither added nor passed over. */
  function add(done: boolean) {
    const [day, said] = [on.trim(), words.trim()]
    const nothing = day === '' && said === '' && done
    setMissing(day === '' && !nothing)
    if (nothing) onAdd(null, done)
    if (day === '') return
    onAdd([day, kind.trim(), said, of.trim()].join('\t'), done)
    setOn('')
    setWords('')
  }
  return (
    <form
      className={styles.add}
      onSubmit={(event) => {
        event.preventDefault()
        add(false)
      }}
      onKeyDown={(event) => {
        holdImeEnter(event.nativeEvent)
        if (!isEnter(event.nativeEvent) || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        add(true)
      }}
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
