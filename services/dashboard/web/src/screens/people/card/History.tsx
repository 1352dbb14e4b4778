import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import type { HistoryEntry } from '~/api/people'
import type { CardSearch } from '~/app/routes'
import { timeOf, workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import panel from '~/parts/Panel.module.css'
import styles from './Page.module.css'

interface HistoryProps {
  readonly entries: readonly HistoryEntry[]
  readonly on: string | undefined
  readonly known: string | undefined
  readonly onAsk: (search: CardSearch) => void
}

/** 経過: what held from when, who recorded it when and why; and the way to see the card as it was, or was known. */
export function History({ entries, on, known, onAsk }: HistoryProps) {
  return (
    <Block title={<Trans>経過</Trans>} aside={<Trans>新しいものが上です</Trans>}>
      <ol className={styles.history}>
        {entries.map((entry, i) => (
          <li key={i} data-gone={entry.taken_back ? '' : undefined}>
            <p>
              {entry.words}
              {entry.notes.length > 0 && <span className={panel.aside}>（{entry.notes.join('、')}）</span>}
            </p>
            <p className={panel.aside}>
              <Recorded entry={entry} />
            </p>
          </li>
        ))}
      </ol>
      <Then key={`${on} ${known}`} on={on} known={known} onAsk={onAsk} />
    </Block>
  )
}

function Recorded({ entry }: { readonly entry: HistoryEntry }) {
  const at = timeOf(entry.at, '')
  const { by, reason } = entry
  return reason === null ? <Trans>{at} {by}</Trans> : <Trans>{at} {by}。わけ: {reason}</Trans>
}

function Then({ on, known, onAsk }: Omit<HistoryProps, 'entries'>) {
  const { t } = useLingui()
  const [day, setDay] = useState(on ?? '')
  const [then, setThen] = useState(known ?? '')
  return (
    <form
      className={styles.then}
      aria-label={t`前の内容を見る`}
      onSubmit={(event) => {
        event.preventDefault()
        onAsk({ on: day || undefined, known: then || undefined })
      }}
    >
      <Field label={<Trans>いつの内容を</Trans>} type="date" value={day} onChange={setDay} required={false} />
      <Field label={<Trans>いつ分かっていたことで</Trans>} type="date" value={then} onChange={setThen} required={false} hint={then ? workDay(then) : <Trans>空ならば、いま分かっていること</Trans>} />
      <Button type="submit">
        <Trans>この時点で見る</Trans>
      </Button>
    </form>
  )
}
