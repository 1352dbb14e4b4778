import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent } from 'react'
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

/** 出席扱い and 別室, of a 忌引 its kinship: what stands beside the day, who entered it, and another choice. No count of the day changes by it. */
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
  const may = month.may_mark && (marks.length > 0 || cell.beside !== null)
  const closed = month.closing.state === 'closed' || month.closing.state === 'checked'
  const missing = closed && (reason === null || (reason === OTHER && text.trim() === ''))
  const tiles = [
    { value: NONE, content: t`なし`, shortcut: '0' },
    ...marks.map((mark, n) => ({ value: mark.code, content: mark.days === null ? t`${i18n._(BESIDE[mark.kind])} ${mark.word}` : t`${mark.word}（${mark.days}日まで）`, shortcut: String(n + 1) })),
  ]
  const kin = marks.some(({ kind }) => kind === 'kin')

  const same = code === stands

  async function save() {
    setTried(true)
    if (sending || missing || same) return
    const entry = { pupil: line.pupil.id, seen: cell.seen, code: code === NONE ? null : code, reason: closed ? { code: reason, text: text.trim() } : null }
    const done = await send(`/api/registry/v1/classes/${month.class_id}/days/${on}/beside`, { marks: [entry] })
    await queries.invalidateQueries({ queryKey: ['register'] })
    if (done === null) return
    if (done.refused.length > 0) setMoved(true)
    else onDone()
  }

  /** A digit chooses wherever the keyboard is in the dialog, save where one writes; Enter goes on from the choice. */
  const choose = useEffectEvent((event: globalThis.KeyboardEvent) => {
    const { target } = event
    if (isImeKey(event) || event.ctrlKey || event.metaKey || event.altKey) return
    if (!(target instanceof Element) || target.closest('input:not([type=radio]), textarea, select')) return
    const at = tiles.findIndex(({ shortcut }) => shortcut === event.key.normalize('NFKC'))
    if (at < 0) return
    setCode(tiles[at]!.value)
    form.current?.querySelectorAll<HTMLInputElement>('input[type=radio]')[at]?.focus()
    event.preventDefault()
  })
  useEffect(() => {
    const dialog = form.current?.closest<HTMLElement>('[role="dialog"]')
    dialog?.addEventListener('keydown', choose)
    return () => dialog?.removeEventListener('keydown', choose)
  }, [may])

  /** Enter saves: a radio's own would only choose what the focus is on. */
  function onKeyDownCapture(event: KeyboardEvent<HTMLFormElement>) {
    const { target, nativeEvent } = event
    if (!isEnter(nativeEvent) || isImeKey(nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return
    if (!(target instanceof HTMLInputElement) || target.type !== 'radio') return
    void save()
    event.preventDefault()
    event.stopPropagation()
  }

  if (!may) return cell.beside && <Stands stood={cell.beside} on={on} />
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
      <Tiles label={kin ? t`忌引の続柄` : t`出席扱い・別室`} tiles={tiles} value={code} onChange={setCode} />
      <p className={panel.aside}>
        {kin ? (
          <Trans>続く忌引のどれか1日に入れます。日数は市の定めで、こえても忌引のまま数え、見るところとして知らせます。続柄は、出席簿を見る人のほかには伝わりません。</Trans>
        ) : (
          <Trans>印を付けても、出席・欠席の数は変わりません。出席扱いの日数は、別の欄に数えます。</Trans>
        )}
      </p>
      {closed && (
        <>
          <Tiles label={t`訂正のわけ`} required tiles={reasons.map((one) => ({ value: one.code, content: one.word }))} value={reason} onChange={setReason} wrong={tried && reason === null ? t`わけを選んでください` : undefined} />
          {reason === OTHER && <TextLine label={t`わけを一言`} required max={REASON_MAX} value={text} onChange={setText} />}
        </>
      )}
      {moved && (
        <Strip kind="wrong" live>
          <Trans>開いたあとに、ほかの人がこの印を変えました。いまの印を確かめて、もう一度選んでください。</Trans>
        </Strip>
      )}
      {tried && same && !moved && (
        <Strip kind="look" live>
          <Trans>印を変えていないので、保存するものがありません。変える印を選ぶか、閉じてください。</Trans>
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
