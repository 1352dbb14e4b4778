import { Trans, useLingui } from '@lingui/react/macro'
import { useEffect, useRef, useState } from 'react'
import { useMe } from '~/app/me'
import type { Roll } from '~/api/types'
import { useCommand } from '~/api/useCommand'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { Why } from '~/parts/Why'
import type { Told as Notice } from './told'
import styles from './Notices.module.css'

interface ToldProps {
  readonly roll: Roll
  readonly told: readonly Notice[]
  readonly unread: readonly Notice[]
  /** Counts up when somebody wanted to confirm past what is unread. */
  readonly asked: number
  readonly onRead: (notice: Notice) => void
  readonly onReplied: () => void
}

/** What families wrote: first what no mark says and somebody must read, then all others, open where there are words: the save tells the family that they were seen. */
export default function Told({ roll, told, unread, asked, onRead, onReplied }: ToldProps) {
  const { t } = useLingui()
  const first = useRef<HTMLDivElement>(null)
  const [answering, setAnswering] = useState<string | null>(null)
  useEffect(() => {
    if (asked === 0) return
    first.current?.focus()
    first.current?.scrollIntoView({ block: 'center' })
  }, [asked])
  const rest = told.filter((one) => !unread.includes(one))
  if (told.length === 0) return null
  const line = (one: Notice) => (
    <Words key={one.notice} roll={roll} notice={one} answering={answering === one.notice} onAnswer={(open) => setAnswering(open ? one.notice : null)} onReplied={onReplied} />
  )
  return (
    <div className={styles.notices}>
      {unread.length > 0 && (
        <div ref={first} role="group" tabIndex={-1} aria-label={t`読む連絡`} className={styles.decide}>
          {unread.map((one) => (
            <Strip
              key={one.notice}
              kind="look"
              live
              action={
                <Button size="small" onPress={() => onRead(one)}>
                  <Trans>読みました</Trans>
                </Button>
              }
            >
              {asked > 0 && (
                <p className={styles.first}>
                  <Trans>先に、この連絡を読んでください。</Trans>
                </p>
              )}
              {line(one)}
            </Strip>
          ))}
        </div>
      )}
      {rest.length > 0 && (
        <details className={styles.told} open={rest.some(({ words }) => words !== null)}>
          <summary>
            <Trans>保護者の言葉と返信（{rest.length}件）</Trans>
          </summary>
          {rest.map(line)}
        </details>
      )}
    </div>
  )
}

interface WordsProps {
  readonly roll: Roll
  readonly notice: Notice
  readonly answering: boolean
  readonly onAnswer: (open: boolean) => void
  readonly onReplied: () => void
}

function Words({ roll, notice, answering, onAnswer, onReplied }: WordsProps) {
  const [at, changed] = [timeOf(notice.told_at, roll.date), timeOf(notice.entered_at, roll.date)]
  const who = notice.relation_word ?? notice.teller ?? ''
  return (
    <div className={styles.words}>
      <strong>
        {notice.number !== null && <Trans>{notice.number}番</Trans>} {notice.pupil.family} {notice.pupil.given}
      </strong>
      <span className={styles.more}>
        {notice.words === null ? <Trans>言葉はありません</Trans> : <>「{notice.words}」</>} {who} {at}
        {notice.revision > 1 && <Trans>（{changed}に変更）</Trans>}
      </span>
      {notice.replies.map(({ words }, i) => (
        <span key={i} className={styles.more}>
          <Trans>返信「{words}」</Trans>
        </span>
      ))}
      {!answering && (
        <Button look="text" size="small" onPress={() => onAnswer(true)}>
          <Trans>返信する</Trans>
        </Button>
      )}
      {answering && (
        <Reply
          notice={notice}
          onDone={() => {
            onAnswer(false)
            onReplied()
          }}
          onBack={() => onAnswer(false)}
        />
      )}
    </div>
  )
}

const MOST = 200

/** A few words back; it needs the network, and says so, because a family must not wait for what lies here. */
function Reply({ notice, onDone, onBack }: { readonly notice: Notice; readonly onDone: () => void; readonly onBack: () => void }) {
  const { t } = useLingui()
  const me = useMe()
  const { send, sending, error } = useCommand<{ readonly reply: string }>(me.person.id)
  const [words, setWords] = useState('')

  async function reply() {
    if (words.trim() === '' || sending) return
    if (await send(`/api/messaging/v1/notices/${notice.notice}/replies`, { seen: notice.revision, words: words.trim() })) onDone()
  }

  return (
    <form
      className={styles.reply}
      onSubmit={(event) => {
        event.preventDefault()
        void reply()
      }}
    >
      <TextLine label={t`家庭への返信`} value={words} onChange={setWords} max={MOST} required autoFocus />
      {error && (
        <p role="alert">
          <Why problem={'body' in error ? error.body : { type: '', title: t`つながっていません。返信は届いていません`, status: 0, detail: '', errors: [] }} />
        </p>
      )}
      <div className={styles.acts}>
        {[t`わかりました`, t`お大事に`].map((each) => (
          <Button key={each} size="small" onPress={() => setWords((had) => `${had} ${each}`.trim().slice(0, MOST))}>
            {each}
          </Button>
        ))}
        <Button look="filled" size="small" type="submit">
          <Trans>返信を送る</Trans>
        </Button>
        <Button size="small" onPress={onBack}>
          <Trans>やめる</Trans>
        </Button>
      </div>
    </form>
  )
}
