import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import type { Day } from '~/dates/dates'
import { Area } from '~/parts/Area'
import { Button } from '~/parts/Button'
import { DayField } from '~/parts/DayField'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { Strip } from '~/parts/Strip'
import { adoptedQuery, KEY, movePath, type Adopted, type Move } from './data'
import { booksText, readBooks } from './rules'
import styles from './Page.module.css'

export type Kind = 'enrolment' | 'textbooks'

/** Whose the books in the field are; and what to do where the board has none. */
function Adopting({ books, failed }: { readonly books: Adopted | undefined; readonly failed: boolean }) {
  if (failed)
    return (
      <Strip kind="look" live>
        <Trans>市の「教科書」を読み込めませんでした。見本を見ると、もう一度読みます。ここに書くこともできます。</Trans>
      </Strip>
    )
  if (books === undefined) return null
  const grade = books.grade_word
  return books.books.length > 0 ? (
    <p className={styles.note} role="status">
      <Trans>市の「教科書」にある、{grade}の本です。</Trans>
    </p>
  ) : (
    <Strip kind="look" live>
      <Trans>市の「教科書」に、{grade}の本がありません。給与した本をここに書けば出せます。教育委員会が「市の設定」の「教科書」に入れると、次からここに出ます。</Trans>
    </Strip>
  )
}

interface Looked {
  readonly pages: readonly string[]
}

interface IssueProps {
  readonly move: Move
  readonly kind: Kind
  readonly onClose: () => void
}

/** A certificate is looked at, and then issued with its number. */
export default function Issue({ move, kind, onClose }: IssueProps) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const looking = useCommand<Looked>(me.person.id)
  const issuing = useCommand(me.person.id)
  const [on, setOn] = useState<Day | null>(me.today)
  const [text, setText] = useState<string | null>(null)
  const [looked, setLooked] = useState<Looked | null>(null)
  const adopted = useQuery({ ...adoptedQuery(move.id, on), enabled: kind === 'textbooks' && on !== null && text === null })
  const { books, wrong } = readBooks(text ?? '')
  const body = { kind, issued_on: on, ...(kind === 'textbooks' && text !== null ? { books } : {}) }
  const unread = wrong.join(', ')

  async function look() {
    if (on === null || wrong.length || looking.sending) return
    const answer = await looking.send(movePath(move.id, 'certificates/preview'), body)
    setLooked(answer)
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
          <div className={styles.field}>
            <Area
              label={<Trans>給与した教科用図書（種目・発行者・記号番号・書名。表から貼り付けられます）</Trans>}
              rows={8}
              cells
              value={text ?? booksText(adopted.data?.books ?? [])}
              onChange={(typed) => {
                setText(typed)
                setLooked(null)
              }}
            />
            <Adopting books={text === null ? adopted.data : undefined} failed={text === null && adopted.isError} />
            {wrong.length > 0 && (
              <span role="alert">
                <Trans>{unread}行目を、4つの列で書いてください。</Trans>
              </span>
            )}
          </div>
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
