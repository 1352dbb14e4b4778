import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { DayField } from '~/parts/DayField'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { PlainLinkButton } from '~/parts/LinkButton'
import { TextLine } from '~/parts/TextLine'
import panel from '~/parts/Panel.module.css'
import { certificatesQuery, KEY, movePath, pdfPath, voidPath, type Book, type Certificate, type Move } from './data'
import { booksText, readBooks } from './rules'
import styles from './Page.module.css'

type Kind = 'enrolment' | 'textbooks'

/** What was issued for a move, and what can be. */
export function Certificates({ move }: { readonly move: Move }) {
  const { data } = useQuery(certificatesQuery(move.id))
  const [kind, setKind] = useState<Kind | null>(null)
  const [voiding, setVoiding] = useState<Certificate | null>(null)
  return (
    <Block title={<Trans>証明書</Trans>}>
      <ul className={styles.steps}>
        {data?.certificates.map((one) => (
          <li key={one.id} className={styles.step}>
            <span />
            <span>
              {one.title} {one.number}
              <span className={styles.note}>
                {workDay(one.issued_on)} {one.voided_at !== null && <Trans>無効（{one.void_reason}）</Trans>}
              </span>
            </span>
            <span className={styles.buttons}>
              <PlainLinkButton size="small" href={pdfPath(one.id)} target="_blank" rel="noreferrer">
                <Trans>印刷する（PDF）</Trans>
              </PlainLinkButton>
              {one.voided_at === null && (
                <Button size="small" onPress={() => setVoiding(one)}>
                  <Trans>無効にする</Trans>
                </Button>
              )}
            </span>
          </li>
        ))}
        {data?.certificates.length === 0 && (
          <li className={panel.aside}>
            <Trans>まだ出していません。</Trans>
          </li>
        )}
      </ul>
      <div className={styles.buttons}>
        <Button look={move.turn === 'enrolment_certificate' ? 'filled' : 'line'} onPress={() => setKind('enrolment')}>
          <Trans>在学証明書を出す</Trans>
        </Button>
        <Button look={move.turn === 'textbook_certificate' ? 'filled' : 'line'} onPress={() => setKind('textbooks')}>
          <Trans>教科用図書給与証明書を出す</Trans>
        </Button>
      </div>
      {kind !== null && <Issue move={move} kind={kind} onClose={() => setKind(null)} />}
      {voiding && <Void certificate={voiding} onClose={() => setVoiding(null)} />}
    </Block>
  )
}

interface Looked {
  readonly pages: readonly string[]
  readonly books: readonly Book[]
  readonly head: string
}

function Issue({ move, kind, onClose }: { readonly move: Move; readonly kind: Kind; readonly onClose: () => void }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const looking = useCommand<Looked>(me.person.id)
  const issuing = useCommand(me.person.id)
  const [on, setOn] = useState<Day | null>(me.today)
  const [text, setText] = useState<string | null>(null)
  const [looked, setLooked] = useState<Looked | null>(null)
  const { books, wrong } = readBooks(text ?? '')
  const body = { kind, issued_on: on, ...(kind === 'textbooks' && text !== null ? { books } : {}) }
  const lines = wrong.join(', ')

  async function look() {
    if (on === null || wrong.length || looking.sending) return
    const answer = await looking.send(movePath(move.id, 'certificates/preview'), body)
    setLooked(answer)
    if (answer && text === null) setText(booksText(answer.books))
  }

  async function issue() {
    if (issuing.sending || (await issuing.send(movePath(move.id, 'certificates'), body)) === null) return
    await queries.invalidateQueries({ queryKey: [KEY] })
    onClose()
  }

  return (
    <Dialog open wide onClose={onClose} title={kind === 'enrolment' ? <Trans>在学証明書を出す</Trans> : <Trans>教科用図書給与証明書を出す</Trans>}>
      <div className={styles.form}>
        <DayField
          label={t`証明する日`}
          required
          value={on}
          onChange={(day) => {
            setOn(day)
            setLooked(null)
          }}
          today={me.today}
        />
        {kind === 'textbooks' && (
          <label className={styles.field}>
            <span>
              <Trans>給与した教科用図書（種目・発行者・記号番号・書名。表から貼り付けられます）</Trans>
            </span>
            <textarea
              className={styles.area}
              value={text ?? ''}
              onChange={(event) => {
                setText(event.target.value)
                setLooked(null)
              }}
            />
            {wrong.length > 0 && (
              <span role="alert">
                <Trans>{lines}行目を、4つの列で書いてください。</Trans>
              </span>
            )}
          </label>
        )}
        {looked && (
          <div className={styles.pages} tabIndex={0} role="region" aria-label={t`見本`}>
            {looked.pages.map((page, i) => (
              <img key={i} src={page} alt={t`証明書の見本 ${i + 1}ページ`} />
            ))}
          </div>
        )}
        <DialogEnd error={looking.error ?? issuing.error} onClose={onClose}>
          {looked ? (
            <Button look="filled" onPress={() => void issue()}>
              <Trans>番号を付けて出す</Trans>
            </Button>
          ) : (
            <Button look="filled" onPress={() => void look()}>
              <Trans>見本を見る</Trans>
            </Button>
          )}
        </DialogEnd>
      </div>
    </Dialog>
  )
}

function Void({ certificate, onClose }: { readonly certificate: Certificate; readonly onClose: () => void }) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand(useMe().person.id)
  const [reason, setReason] = useState('')
  return (
    <Dialog
      open
      onClose={onClose}
      title={
        <Trans>
          {certificate.title} {certificate.number}を無効にする
        </Trans>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (sending || reason.trim() === '') return
          void send(voidPath(certificate.id), { reason: reason.trim() }).then(async (answer) => {
            if (answer === null) return
            await queries.invalidateQueries({ queryKey: [KEY] })
            onClose()
          })
        }}
      >
        <p>
          <Trans>番号は使ったままになり、一覧にわけが残ります。渡した紙は回収してください。</Trans>
        </p>
        <TextLine label={t`わけ`} value={reason} onChange={setReason} max={100} required autoFocus />
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit">
            <Trans>無効にする</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}
