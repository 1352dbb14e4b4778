import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useMe } from '~/app/me'
import { useCommand } from '~/api/useCommand'
import { monthDay, timeOf } from '~/dates/dates'
import { characters } from '~/grid/parse'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { registerPath, type Done, type Month } from './data'
import { monthNumber } from './rules'
import styles from './Page.module.css'

const SENTENCE_MAX = 200

/** The month's end: whether it can be closed and why not, who closed and checked it, and what must be checked again. */
export function Closing({ month }: { readonly month: Month }) {
  const { t } = useLingui()
  const { closing } = month
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand(useMe().person.id)
  const [asking, setAsking] = useState<'close' | 'return' | null>(null)
  const n = monthNumber(month.month)
  const path = registerPath(month.class_id, month.month)

  async function act(what: 'close' | 'check' | 'return', body: object) {
    if (sending) return
    const done = await send(`${path}/${what}`, body)
    // Also after a refusal: it may say that the sheet is another one by now.
    void queries.invalidateQueries({ queryKey: ['register'] })
    if (done !== null) setAsking(null)
  }
  const leave = () => {
    setAsking(null)
    forget()
  }
  const acts = (
    <span className={styles.acts}>
      {closing.may.includes('check') && (
        <Button look="filled" size="small" onPress={() => void act('check', { seen: closing.digest })}>
          {closing.checked ? <Trans>{n}月分をもう一度点検した</Trans> : <Trans>{n}月分を点検した</Trans>}
        </Button>
      )}
      {closing.may.includes('return') && (
        <Button size="small" onPress={() => setAsking('return')}>
          <Trans>差し戻す</Trans>
        </Button>
      )}
    </span>
  )
  return (
    <>
      {closing.returned && (
        <Strip kind="look">
          <DoneBy done={closing.returned}>
            <Trans>差し戻しました。</Trans>
          </DoneBy>
          <strong>{t`「${closing.returned.sentence ?? ''}」`}</strong>
        </Strip>
      )}
      {closing.closed ? (
        <Strip kind={closing.checked && closing.current ? 'good' : 'look'} action={closing.may.length > 0 ? acts : undefined}>
          <DoneBy done={closing.closed}>
            <Trans>{n}月分を締めました。</Trans>
          </DoneBy>{' '}
          {closing.checked && (
            <DoneBy done={closing.checked}>
              <Trans>点検しました。</Trans>
            </DoneBy>
          )}{' '}
          {!closing.checked && (closing.own ? <Trans>点検は、締めた人ではない校長・教頭がします。</Trans> : <Trans>校長・教頭の点検を待っています。</Trans>)}
          {closing.checked && !closing.current && (
            <strong>
              <Trans>そのあとに変わったところがあります。もう一度点検が要ります。</Trans>
            </strong>
          )}
        </Strip>
      ) : (
        closing.may.includes('close') && <Close month={month} onClose={() => setAsking('close')} />
      )}
      {asking === null && <Refused error={error} />}
      {asking === 'close' && (
        <Dialog open onClose={leave} title={<Trans>{n}月分を締める</Trans>}>
          <p>
            <Trans>このあと{n}月の記録を直すと、理由と前の記録が「締めたあとの訂正」として残ります。開き直せるのは、校長・教頭の差し戻しだけです。</Trans>
          </p>
          {closing.unconfirmed.length > 0 && (
            <p>
              <Trans>確定していない日（{closing.unconfirmed.map(monthDay).join('、')}）も、いまの印のまま締めます。</Trans>
            </p>
          )}
          <DialogEnd error={error} onClose={leave}>
            <Button look="filled" onPress={() => void act('close', { seen: closing.digest })}>
              <Trans>{n}月分を締める</Trans>
            </Button>
          </DialogEnd>
        </Dialog>
      )}
      {asking === 'return' && (
        <Return
          n={n}
          end={(button) => (
            <DialogEnd error={error} onClose={leave}>
              {button}
            </DialogEnd>
          )}
          onClose={leave}
          onSend={(sentence) => void act('return', { revision: closing.revision, sentence })}
        />
      )}
    </>
  )
}

/** When who did it. */
function DoneBy({ done, children }: { readonly done: Done; readonly children: ReactNode }) {
  const [when, who] = [timeOf(done.at, ''), fullName(done.by)]
  return (
    <span>
      <Trans>
        {when}に{who}が{children}
      </Trans>
    </span>
  )
}

/** The way to close, or what stands in it. */
function Close({ month, onClose }: { readonly month: Month; readonly onClose: () => void }) {
  const n = monthNumber(month.month)
  const { open } = month.closing
  const [first] = open
  if (!first)
    return (
      <Strip
        kind="plain"
        action={
          <Button look="filled" size="small" onPress={onClose}>
            <Trans>{n}月分を締める</Trans>
          </Button>
        }
      >
        <Trans>{n}月の授業日がすべて入りました。</Trans>
      </Strip>
    )
  if (first.what === 'unplanned') return null // the page says so already
  if (first.what === 'ahead') {
    if (month.through === null) return null
    const day = first.on === null ? '' : monthDay(first.on)
    return (
      <Strip kind="plain">
        <Trans>{n}月分は、{day}の記録まで入ると締められます。</Trans>
      </Strip>
    )
  }
  return (
    <Strip kind="plain">
      <Trans>{n}月分は、未入力と記録の食い違いがなくなると締められます。あと{open.length}か所です。</Trans>
    </Strip>
  )
}

interface ReturnProps {
  readonly n: number
  readonly end: (button: ReactNode) => ReactNode
  readonly onClose: () => void
  readonly onSend: (sentence: string) => void
}

/** Sending a month back says why, to whoever closed it. */
function Return({ n, end, onClose, onSend }: ReturnProps) {
  const { t } = useLingui()
  const [sentence, setSentence] = useState('')
  const [tried, setTried] = useState(false)
  const words = sentence.trim()
  const missing = words === '' || characters(words) > SENTENCE_MAX
  return (
    <Dialog open onClose={onClose} title={<Trans>{n}月分を差し戻す</Trans>}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (!missing) onSend(words)
        }}
      >
        <p>
          <Trans>担任が直して、もう一度締めます。どこを直すかを書いてください。</Trans>
        </p>
        <TextLine label={t`担任への一言`} required max={SENTENCE_MAX} value={sentence} onChange={setSentence} autoFocus />
        {tried && words === '' && (
          <Strip kind="wrong" live>
            <Trans>担任への一言を書いてください。</Trans>
          </Strip>
        )}
        {end(
          <Button look="filled" type="submit">
            <Trans>{n}月分を差し戻す</Trans>
          </Button>,
        )}
      </form>
    </Dialog>
  )
}
