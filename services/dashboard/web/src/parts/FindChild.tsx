import { t } from '@lingui/core/macro'
import { Trans } from '@lingui/react/macro'
import { useEffect, useId, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { Found } from '~/api/people'
import { holdImeEnter, isEnter, isImeKey } from '~/grid/ime'
import { namesakes, PersonLine } from './PersonLine'
import styles from './FindChild.module.css'

interface FindChildProps {
  readonly label: ReactNode
  readonly words: string
  readonly onWords: (words: string) => void
  /** Who answers to the words; undefined as long as nobody has looked. */
  readonly found: readonly Found[] | undefined
  readonly onChoose: (child: string) => void
  /** Where the page begins with it. */
  readonly first?: boolean
}

/** A child by name, reading, class and number. As in さがす: ↑↓ choose, Enter takes. */
export function FindChild({ label, words, onWords, found, onChoose, first = false }: FindChildProps) {
  const id = useId()
  const [at, setAt] = useState(0)
  const children = found ?? []
  const alike = namesakes(children)
  const chosen = Math.min(at, children.length - 1)

  function press(event: KeyboardEvent) {
    holdImeEnter(event.nativeEvent)
    if (isImeKey(event.nativeEvent)) return
    const one = children[chosen]
    if (isEnter(event.nativeEvent)) {
      if (one) onChoose(one.person.id)
    } else if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, children.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
    else return
    event.preventDefault()
  }

  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, chosen])

  return (
    <div className={styles.find}>
      <label className={styles.field}>
        <span>{label}</span>
        <input
          className={styles.input}
          type="search"
          autoFocus={first}
          autoComplete="off"
          role="combobox"
          aria-expanded={children.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={children.length > 0 ? `${id}-${chosen}` : undefined}
          aria-describedby={`${id}-hint`}
          value={words}
          onChange={(event) => {
            onWords(event.target.value)
            setAt(0)
          }}
          onKeyDown={press}
        />
      </label>
      <p id={`${id}-hint`} className={styles.hint}>
        <Trans>「2-1 12」は2年1組12番。↑↓で選び、Enterで決めます。</Trans>
      </p>
      {children.length > 0 && (
        <ul id={`${id}-list`} role="listbox" aria-label={t`見つかった子`} className={styles.found}>
          {children.map((one, i) => (
            <li key={one.person.id} id={`${id}-${i}`} role="option" aria-selected={i === chosen} onPointerMove={() => setAt(i)} onClick={() => onChoose(one.person.id)}>
              <PersonLine found={one} month={alike.has(one.person.id)} />
            </li>
          ))}
        </ul>
      )}
      {found?.length === 0 && (
        <p role="status">
          <Trans>「{words}」に当たる子はいません。ほかの書き方でさがしてください。</Trans>
        </p>
      )}
    </div>
  )
}
