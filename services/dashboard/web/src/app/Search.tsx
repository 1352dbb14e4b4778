import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useState, type KeyboardEvent } from 'react'
import { Problem } from '~/api/problem'
import { peopleQuery, type Found } from '~/api/people'
import { isEnter, isImeKey } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { namesakes, PersonLine } from '~/parts/PersonLine'
import styles from './Search.module.css'
import { typedSoFar } from './typed'

/** Whom this page has opened through the search, the latest first. Memory only. */
let opened: readonly Found[] = []
const KEPT = 8
const ROWS = 12

/** さがす: any child's card with Ctrl+K, two kana and Enter. The own class comes first; the server decides who is there. */
export default function Search({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui()
  const navigate = useNavigate()
  const id = useId()
  const [value, setValue] = useState('')
  const [at, setAt] = useState(0)
  const q = useSettled(typedSoFar(value))
  const { data, error, isFetching } = useQuery({ ...peopleQuery({ q, rows: ROWS }), enabled: q !== '' })
  const found = q === '' ? opened : (data?.people ?? [])
  const same = namesakes(found)
  const chosen = Math.min(at, found.length - 1)

  function go(one: Found | undefined) {
    if (!one) return
    opened = [one, ...opened.filter(({ person }) => person.id !== one.person.id)].slice(0, KEPT)
    onClose()
    void navigate({ to: '/people/$personId', params: { personId: one.person.id } })
  }

  function press(event: KeyboardEvent) {
    if (isImeKey(event.nativeEvent)) return
    if (isEnter(event.nativeEvent)) go(found[chosen])
    else if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
    else return
    event.preventDefault()
  }

  return (
    <Dialog open onClose={onClose} title={<Trans>さがす</Trans>} wide>
      <div className={styles.search}>
        <input
          autoFocus
          className={styles.input}
          type="search"
          autoComplete="off"
          spellCheck={false}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={found.length ? `${id}-${chosen}` : undefined}
          aria-label={t`名前・よみ・学級・番号`}
          aria-describedby={`${id}-hint`}
          value={value}
          onChange={(event) => {
            setValue(event.target.value)
            setAt(0)
          }}
          onKeyDown={press}
        />
        <p id={`${id}-hint`} className={styles.hint}>
          <Trans>よみ2文字で見つかります。「2-1 12」は2年1組12番。↑↓で選び、Enterで開きます。</Trans>
        </p>
        {found.length > 0 && (
          <ul id={`${id}-list`} role="listbox" aria-label={q === '' ? t`さっき開いた人` : t`見つかった人`} className={styles.found} data-waiting={isFetching ? '' : undefined}>
            {found.map((one, i) => (
              <li
                key={`${one.hat} ${one.person.id}`}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === chosen}
                className={styles.one}
                onPointerMove={() => setAt(i)}
                onClick={() => go(one)}
              >
                <PersonLine found={one} month={same.has(one.person.id)} />
              </li>
            ))}
          </ul>
        )}
        <p className={styles.state} role="status">
          <Said q={q} error={error} none={data?.people.length === 0} more={data?.more ?? false} unknown={data?.unknown_class ?? null} />
        </p>
      </div>
      <div>
        <Button onPress={onClose}>
          <Trans>閉じる</Trans>
        </Button>
      </div>
    </Dialog>
  )
}

interface SaidProps {
  readonly q: string
  readonly error: Error | null
  readonly none: boolean
  readonly more: boolean
  /** A class that no school has. */
  readonly unknown: string | null
}

function Said({ q, error, none, more, unknown }: SaidProps) {
  if (q === '') return null
  if (error instanceof Problem) return <>{error.body.title}</>
  if (error) return <Trans>つながっていません。つながると、さがせます。</Trans>
  if (unknown !== null) return <Trans>「{unknown}」という学級はありません。学級の名前を確かめてください。</Trans>
  if (none) return <Trans>「{q}」の人は、あなたの見られる名簿にいません。</Trans>
  if (more) return <Trans>ほかにもいます。もう1文字入れると、しぼれます。</Trans>
  return null
}

/** The text once the fingers rest for a moment: one question, not one a key. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), text === '' ? 0 : 90)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
