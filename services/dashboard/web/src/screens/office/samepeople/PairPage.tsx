import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import '../words'
import { answerPath, KEY, pairQuery, undoPath, type Merging, type Pair, type Side } from './data'
import styles from './Page.module.css'

const route = getRouteApi('/inside/imports/same-people/$questionId')

/** Both cards side by side, what differs marked, and the answer. */
export default function PairPage() {
  const { t } = useLingui()
  const { questionId } = route.useParams()
  const { data, error, again } = useRead(pairQuery(questionId))
  const [undone, setUndone] = useState<readonly string[]>([])
  useScreen(t`名寄せの確認`)
  return (
    <div className={panel.screen}>
      <Place title={t`名寄せの確認`} />
      {data ? (
        <>
          <Both pair={data} />
          {!data.merging && undone.length > 0 && (
            <Strip kind="good" live>
              <Sentences words={undone} />
            </Strip>
          )}
          {data.merging ? <Undo key={data.merging.id} merging={data.merging} onDone={setUndone} /> : <Answer key={data.revision} pair={data} />}
        </>
      ) : error ? (
        <CannotRead error={error} what={t`名寄せの確認`} onRetry={again} />
      ) : (
        <LoadingRows rows={10} />
      )}
    </div>
  )
}

function Both({ pair }: { readonly pair: Pair }) {
  return (
    <Block title={<Trans>二つのカード</Trans>} aside={pair.reasons.join('、')} table>
      <table className={styles.pair}>
        <thead>
          <tr>
            <td className={panel.aside}>
              <Trans>閲覧は記録されます</Trans>
            </td>
            <Head side={pair.one} keeps={pair.keeps} />
            <Head side={pair.other} keeps={pair.keeps} />
          </tr>
        </thead>
        <tbody>
          {pair.lines.map((line) => (
            <tr key={line.name} data-differs={line.differs ? '' : undefined}>
              <th scope="row">
                {line.name}
                {line.differs && (
                  <span className={styles.differs}>
                    <Trans>ちがう</Trans>
                  </span>
                )}
              </th>
              <Said words={line.one} />
              <Said words={line.other} />
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  )
}

function Head({ side, keeps }: { readonly side: Side; readonly keeps: string | null }) {
  return (
    <th scope="col">
      <Link to="/people/$personId" params={{ personId: side.person.id }}>
        {fullName(side.person)}
      </Link>
      <span className={styles.where}>{side.where}</span>
      {keeps === side.person.id && (
        <span className={styles.keeps}>
          <Trans>まとめると残る</Trans>
        </span>
      )}
    </th>
  )
}

function Said({ words }: { readonly words: readonly string[] }) {
  return (
    <td>
      {words.length > 0 ? (
        words.map((word) => (
          <span key={word} className={styles.line}>
            {word}
          </span>
        ))
      ) : (
        <span className={panel.aside}>
          <Trans>なし</Trans>
        </span>
      )}
    </td>
  )
}

function Answer({ pair }: { readonly pair: Pair }) {
  const { t } = useLingui()
  const me = useMe()
  const navigate = useNavigate()
  const refresh = useRefresh()
  const { send, sending, error, forget } = useCommand<unknown>(me.person.id)
  const [answer, setAnswer] = useState<string | null>(null)
  const [note, setNote] = useState(pair.note)
  const can = pair.wrong.length === 0
  const tiles = [
    ...(can ? [{ value: 'same', content: <Trans>同じ子です。まとめます</Trans> }] : []),
    { value: 'different', content: <Trans>べつの子です</Trans> },
    { value: 'waiting', content: <Trans>まだ分かりません</Trans> },
  ]

  async function save() {
    if (answer === null || sending) return
    const done = await send(answerPath(pair.id), { seen: pair.revision, answer, note: note.trim() })
    if (done === null) return
    await refresh()
    if (answer !== 'same') await navigate({ to: '/imports/same-people' })
  }

  return (
    <form
      className={styles.answer}
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      {!can && (
        <Strip kind="look">
          <strong>
            <Trans>このままでは、まとめられません</Trans>
          </strong>
          <Sentences words={pair.wrong} />
          {pair.moves.length > 0 && (
            <>
              <p>
                <Trans>まちがって届けたものなら、開いて取り消します。</Trans>
              </p>
              <ul className={styles.sentences}>
                {pair.moves.map(({ move, words }) => (
                  <li key={move}>
                    <Link to="/moves/$moveId" params={{ moveId: move }}>
                      {words}
                    </Link>
                  </li>
                ))}
              </ul>
            </>
          )}
        </Strip>
      )}
      <Tiles
        label={t`同じ子ですか`}
        value={answer}
        onChange={(value) => {
          setAnswer(value)
          forget()
        }}
        tiles={tiles}
      />
      {answer === 'same' && (
        <div className={styles.follows} role="status">
          <p>
            <strong>
              <Trans>まとめると、こうなります。あとで元に戻せます。</Trans>
            </strong>
          </p>
          <Sentences words={pair.words} />
        </div>
      )}
      {answer === 'different' && (
        <p className={styles.follows} role="status">
          <Trans>この二人については、もうたずねません。</Trans>
        </p>
      )}
      {answer === 'waiting' && (
        <p className={styles.follows} role="status">
          <Trans>一覧の終わりに残ります。</Trans>
        </p>
      )}
      <TextLine label={t`どう確かめたか`} value={note} onChange={setNote} max={200} />
      <Refused error={error} />
      <div className={styles.buttons}>
        <Button look="filled" type="submit" off={answer === null ? t`答えをえらんでください` : undefined}>
          {answer === 'same' ? <Trans>まとめる</Trans> : <Trans>答えを保存</Trans>}
        </Button>
        <LinkButton to="/imports/same-people">
          <Trans>一覧にもどる</Trans>
        </LinkButton>
      </div>
    </form>
  )
}

/** What was read of both cards, and of everybody: they are others now. */
function useRefresh(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: [KEY] })
    await queries.invalidateQueries({ queryKey: ['people'] })
  }
}

function Sentences({ words }: { readonly words: readonly string[] }) {
  return (
    <ul className={styles.sentences}>
      {words.map((word) => (
        <li key={word}>{word}</li>
      ))}
    </ul>
  )
}

function Undo({ merging, onDone }: { readonly merging: Merging; readonly onDone: (words: readonly string[]) => void }) {
  const { t } = useLingui()
  const me = useMe()
  const refresh = useRefresh()
  const { send, sending, error } = useCommand<{ readonly words: readonly string[] }>(me.person.id)
  const [note, setNote] = useState('')
  const who = fullName(merging.by)
  const at = timeOf(merging.at, me.today)

  async function undo() {
    if (note.trim() === '' || sending) return
    const done = await send(undoPath(merging.id), { note: note.trim() })
    if (done === null) return
    onDone(done.words)
    await refresh()
  }

  return (
    <form
      className={styles.answer}
      onSubmit={(event) => {
        event.preventDefault()
        void undo()
      }}
    >
      <Strip kind="good" live>
        <strong>
          <Trans>同じ子として、まとめてあります</Trans>
        </strong>{' '}
        <Trans>
          {at} {who}
        </Trans>
        {merging.note !== '' && <> {merging.note}</>}
      </Strip>
      <p className={panel.aside}>
        <Trans>元に戻すと、二つのカードはまとめる前のとおりになります。まとめたあとに書かれたものは、残したカードのままです。</Trans>
      </p>
      <TextLine label={t`元に戻すわけ`} value={note} onChange={setNote} max={200} required />
      <Refused error={error} />
      <div className={styles.buttons}>
        <Button type="submit" off={note.trim() === '' ? t`元に戻すわけを書いてください` : undefined}>
          <Trans>元に戻す</Trans>
        </Button>
        <LinkButton to="/people/$personId" params={{ personId: merging.kept.id }}>
          <Trans>残したカードを見る</Trans>
        </LinkButton>
        <LinkButton to="/imports/same-people">
          <Trans>一覧にもどる</Trans>
        </LinkButton>
      </div>
    </form>
  )
}
