import { Trans, useLingui } from '@lingui/react/macro'
import { useState, type SubmitEvent } from 'react'
import { Button } from '~/parts/Button'
import { characters } from '~/grid/parse'
import { TextLine } from '~/parts/TextLine'
import styles from './calls.module.css'

const MOST = 200

interface ReplyProps {
  readonly sending: boolean
  readonly onReply: (words: string) => void
}

/** A short answer to the guardian whose word it is; they read it in the app, and are told that there is one. */
export function Reply({ sending, onReply }: ReplyProps) {
  const { t } = useLingui()
  const [open, setOpen] = useState(false)
  const [words, setWords] = useState('')
  const said = words.trim()
  if (!open)
    return (
      <Button size="small" onPress={() => setOpen(true)}>
        <Trans>返信する</Trans>
      </Button>
    )

  function reply(event: SubmitEvent) {
    event.preventDefault()
    if (!sending && said !== '' && characters(said) <= MOST) onReply(said)
  }

  return (
    <form className={styles.reply} onSubmit={reply}>
      <TextLine label={t`返信の言葉`} value={words} onChange={setWords} max={MOST} required autoFocus />
      <Button type="submit" size="small" {...(said === '' ? { off: t`返信の言葉を入れてください` } : {})}>
        <Trans>返信を届ける</Trans>
      </Button>
    </form>
  )
}
