import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type KeyboardEvent } from 'react'
import { useMe } from '~/app/me'
import type { CodeWord } from '~/api/types'
import { useCommand } from '~/api/useCommand'
import { timeOf } from '~/dates/dates'
import { isEnter, isImeKey } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import type { Month, MonthLine, Stood } from './data'
import { marksFor } from './rules'
import { BESIDE } from './words'
import styles from './Page.module.css'

/** Nothing stands beside the day. */
const NONE = ''
const OTHER = 'other'
const REASON_MAX = 100

interface BesideProps {
  readonly month: Month
  readonly line: MonthLine
  readonly day: number
  /** Of corrections, in a closed month. */
  readonly reasons: readonly CodeWord[]
  readonly onDone: () => void
}

interface Saved {
  readonly refused: readonly { readonly pupil: string }[]
}

/** 出席扱い and 別室: what stands beside the day, who entered it, and another choice. No count of the day changes by it. */
export function BesideForm({ month, line, day, reasons, onDone }: BesideProps) {
  const { t, i18n } = useLingui()
  const cell = line.cells[day]!
  const { on } = month.days[day]!
  const stands = cell.beside?.code ?? NONE
  const marks = marksFor(month, cell)
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<Saved>(useMe().person.id)
  const [code, setCode] = useState(stands)
  const [reason, setReason] = useState<string | null>(null)
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const [moved, setMoved] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  if (!month.may_mark || (marks.length === 0 && cell.beside === null)) return cell.beside && <Stands stood={cell.beside} on={on} />
  const closed = month.closing.state === 'closed' || month.closing.state === 'checked'
  const missing = closed && (reason === null || (reason === OTHER && text.trim() === ''))
  const tiles = [
    { value: NONE, content: t`なし`, shortcut: '0' },
    ...marks.map((mark, n) => ({ value: mark.code, content: t`${i18n._(BESIDE[mark.kind])} ${mark.word}`, shortcut: String(n + 1) })),
  ]

  async function save() {
    setTried(true)
    if (sending || missing || code === stands) return
    const entry = { pupil: line.pupil.id, seen: cell.seen, code: code === NONE ? null : code, reason: closed ? { code: reason, text: text.trim() } : null }
    const done = await send(`/api/registry/v1/classes/${month.class_id}/days/${on}/beside`, { marks: [entry] })
    await queries.invalidateQueries({ queryKey: ['register'] })
    if (done === null) return
    if (done.refused.length > 0) setMoved(true)
    else onDone()
  }

  /** Digits choose, Enter saves: a radio's own Enter would only choose what the focus is on. */
  function onKeyDownCapture(event: KeyboardEvent<HTMLFormElement>) {
    const { target } = event
    if (isImeKey(event.nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return
    if (!(target instanceof HTMLInputElement) || target.type !== 'radio') return
    const first = form.current?.querySelector('[role="radiogroup"]')
    const chosen = first?.contains(target) ? tiles.find(({ shortcut }) => shortcut === event.key) : undefined
    if (chosen) setCode(chosen.value)
    else if (isEnter(event.nativeEvent)) void save()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <form
      ref={form}
      className={styles.beside}
      onKeyDownCapture={onKeyDownCapture}
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      {cell.beside && <Stands stood={cell.beside} on={on} />}
      <Tiles label={t`出席扱い・別室`} tiles={tiles} value={code} onChange={setCode} />
      <p className={panel.aside}>
        <Trans>印を付けても、出席・欠席の数は変わりません。出席扱いの日数は、別の欄に数えます。</Trans>
      </p>
      {closed && (
        <>
          <Tiles label={t`わけ`} required tiles={reasons.map((one) => ({ value: one.code, content: one.word }))} value={reason} onChange={setReason} wrong={tried && reason === null ? t`わけを選んでください` : undefined} />
          {reason === OTHER && <TextLine label={t`わけを一言`} required max={REASON_MAX} value={text} onChange={setText} />}
        </>
      )}
      {moved && (
        <Strip kind="wrong" live>
          <Trans>開いたあとに、ほかの人がこの印を変えました。いまの印を確かめて、もう一度選んでください。</Trans>
        </Strip>
      )}
      <Refused error={error} />
      <div className={panel.bar}>
        <Button look="filled" type="submit">
          <Trans>印を保存する</Trans>
        </Button>
      </div>
    </form>
  )
}

/** What stands, and who entered it. */
function Stands({ stood, on }: { readonly stood: Stood; readonly on: string }) {
  const { i18n } = useLingui()
  const [kind, who, when] = [i18n._(BESIDE[stood.kind]), fullName(stood.by), timeOf(stood.at, on)]
  return (
    <>
      <p>
        <strong>
          <Trans>
            {kind}（{stood.word}）
          </Trans>
        </strong>{' '}
        <Trans>
          {who} {when}
        </Trans>
      </p>
      {!stood.fits && (
        <Strip kind="look">
          <Trans>いまの出欠には付かない印なので、数えていません。出欠を直すか、この印をなしにしてください。</Trans>
        </Strip>
      )}
    </>
  )
}
