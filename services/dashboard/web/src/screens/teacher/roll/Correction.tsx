import { Trans, useLingui } from '@lingui/react/macro'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { sourceWord } from '~/api/problem'
import type { Roll, RollMark, RollMember } from '~/api/types'
import { isEnter, isImeKey, letterOf } from '~/grid/ime'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { fullName } from '~/parts/Name'
import { StatusMark } from '~/parts/StatusMark'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import { choiceOf } from './rules'
import { markWord } from './words'
import styles from './Correction.module.css'

const OTHER = 'other'
/** The questions in their order. */
const [MARK, WHY] = [0, 1]
/** Longest written reason, in characters. */
const REASON_MAX = 100

interface CorrectionProps {
  readonly roll: Roll
  /** As it is now: somebody else may correct it while the dialog stands. */
  readonly member: RollMember
  /** The revision that was on the screen when it was opened. */
  readonly opened: number
  /** The mark that was already chosen, or null. */
  readonly to: string | null
  readonly onClose: () => void
  /** `seen`: the revision of the mark that is corrected. */
  readonly onSend: (code: string, reason: NonNullable<RollMark['reason']>, seen: number) => void
}

function questions(form: HTMLFormElement | null): readonly Element[] {
  return [...(form?.querySelectorAll('[role="radiogroup"]') ?? [])]
}

function ask(form: HTMLFormElement | null, question: number): void {
  const radios = [...(questions(form)[question]?.querySelectorAll('input') ?? [])]
  ;(radios.find(({ checked }) => checked) ?? radios[0])?.focus()
}

/** After 確定 a change says what it was, what it becomes, and why. Letters choose the mark, digits the reason. */
export default function Correction({ roll, member, opened, to, onClose, onSend }: CorrectionProps) {
  const { t } = useLingui()
  const before = member.cell.code
  const [code, setCode] = useState(to === before ? null : to)
  const [reason, setReason] = useState<string | null>(null)
  const [text, setText] = useState('')
  const marks = roll.symbols.map(choiceOf).filter((choice) => choice.code !== before)
  const [marked, reasoned] = [marks.some((mark) => mark.code === code), reason !== null]
  const missing = !marked
    ? t`新しい印を選んでください`
    : !reasoned
      ? t`わけを選んでください`
      : reason === OTHER && text.trim() === ''
        ? t`わけを書いてください`
        : undefined
  const { revision } = member.cell
  /** What is corrected was read: what arrives just before Enter is not passed over unread. */
  const [seen, setSeen] = useState(opened)
  const unread = revision !== seen
  const [tried, setTried] = useState(false)
  /** Arrows pass over ほか: its line takes the hands only when it was chosen. */
  const [passing, setPassing] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  // To the first question that is open, once. Left to itself the dialog's frame takes the focus, outside the form, and
  // neither letters and digits nor Enter are heard.
  const [first] = useState(code === null ? MARK : WHY)
  useEffect(() => ask(form.current, first), [first])

  function send() {
    setTried(true)
    setSeen(revision)
    if (missing === undefined && code !== null && reason !== null) {
      if (!unread) onSend(code, { code: reason, text: text.trim() }, revision)
    }
    else if (!marked || !reasoned) ask(form.current, marked ? WHY : MARK)
    else form.current?.querySelector<HTMLInputElement>('input[type="text"]')?.focus()
  }

  /** Before the tiles: their Enter would choose what the focus is on, unread; here it sends what was chosen. */
  function onKeyDownCapture(event: KeyboardEvent<HTMLFormElement>) {
    const { target } = event
    if (!(target instanceof HTMLInputElement) || target.type !== 'radio') return
    if (isImeKey(event.nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return
    const arrow = event.key.startsWith('Arrow')
    setPassing(arrow)
    const question = questions(form.current).findIndex((one) => one.contains(target))
    if (isEnter(event.nativeEvent)) send()
    else if (arrow && question === MARK && !marked) setCode(target.value) // the first arrow chooses, the next ones move on
    else if (arrow && question === WHY && !reasoned) setReason(target.value)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  function onKeyDown(event: KeyboardEvent<HTMLFormElement>) {
    if (isImeKey(event.nativeEvent)) return
    if (event.target instanceof HTMLInputElement && event.target.type === 'text') return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const letter = letterOf(event)
    const byDigit = roll.reasons[Number(letter) - 1]
    const byLetter = marks.find(({ key }) => key !== ' ' && key.toUpperCase() === letter)
    if (byDigit) setReason(byDigit.code)
    else if (byLetter) setCode(byLetter.code)
    else return
    event.preventDefault()
  }

  const number = member.number
  const name = fullName(member.pupil)
  const [old, next] = [markWord(roll.symbols, before), marked ? markWord(roll.symbols, code) : t`？`]
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={number === null ? <Trans>{name}さんの訂正</Trans> : <Trans>{number}番 {name}さんの訂正</Trans>}
    >
      <form
        ref={form}
        className={styles.form}
        onKeyDownCapture={onKeyDownCapture}
        onPointerDownCapture={() => setPassing(false)}
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <p className={styles.change} role="status">
          <Trans>
            「{old}」 → <strong>「{next}」</strong>
          </Trans>
        </p>
        {roll.month_closed && (
          <Strip kind="plain">
            <Trans>この月は締めてあります。直すと、前の記録と一緒に「締めたあとの訂正」として出席簿に残り、校長がもう一度点検します。</Trans>
          </Strip>
        )}
        {revision !== opened && <Arrived roll={roll} member={member} again={tried && marked && reasoned && !unread ? next : null} />}
        <Tiles
          label={t`新しい印`}
          value={code}
          onChange={setCode}
          tiles={marks.map(({ code: value, key, glyph, word, tint }) => ({
            value,
            content: <StatusMark glyph={glyph} word={word} tint={tint} />,
            ...(key === ' ' ? {} : { shortcut: key }),
          }))}
        />
        <Tiles
          label={t`訂正のわけ`}
          value={reason}
          onChange={setReason}
          tiles={roll.reasons.map(({ code: value, word }, i) => ({ value, content: word, shortcut: String(i + 1) }))}
        />
        {reason === OTHER && <TextLine label={t`わけ`} required max={REASON_MAX} value={text} onChange={setText} autoFocus={!passing} />}
        {tried && missing !== undefined && (
          <p className={styles.missing} role="alert">
            {missing}
          </p>
        )}
        <DialogButtons>
          <Button look="filled" type="submit" shortcut="Enter">
            <Trans>訂正を届ける</Trans>
          </Button>
          <Button onPress={onClose} shortcut="Esc">
            <Trans>やめる</Trans>
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}

/** Somebody else has corrected it while the dialog stands. `again`: what it becomes with the next press. */
function Arrived({ roll, member: { cell }, again }: { readonly roll: Roll; readonly member: RollMember; readonly again: string | null }) {
  const fact = cell.explain.find(({ holds }) => holds)
  const [now, at] = [markWord(roll.symbols, cell.code), timeOf(fact?.at ?? null, roll.date)]
  const who = fact ? [sourceWord(fact.source), fact.who].filter(Boolean).join(' ') : ''
  return (
    <Strip kind="look" live>
      {who === '' ? <Trans>開いているあいだに、「{now}」に変わりました。</Trans> : <Trans>開いているあいだに、{who}が {at} に「{now}」としました。</Trans>}{' '}
      {again !== null && <Trans>それでも「{again}」に訂正するなら、もう一度「訂正を届ける」を押してください。</Trans>}
    </Strip>
  )
}
