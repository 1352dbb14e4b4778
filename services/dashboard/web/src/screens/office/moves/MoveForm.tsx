import { Trans } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { LinkButton } from '~/parts/LinkButton'
import panel from '~/parts/Panel.module.css'
import { KEY, type Move } from './data'
import styles from './Page.module.css'

/** Announces a move and goes to its page. True when it was handed on to others: it has no page for this person. */
export function useAnnounce(path: string) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand<{ readonly moves: readonly Move[] }>(useMe().person.id)
  async function announce(body: unknown): Promise<boolean> {
    const answer = sending ? null : await send(path, body)
    if (!answer) return false
    const made = answer.moves[0]
    await queries.invalidateQueries({ queryKey: [KEY] })
    if (made) await navigate({ to: '/moves/$moveId', params: { moveId: made.id } })
    return made === undefined
  }
  return { announce, error, forget }
}

/** What keeps a form from being sent, one line for each of its fields. */
export function Missing({ told }: { readonly told: readonly string[] }) {
  if (told.length === 0) return null
  return (
    <ul className={panel.wait} role="alert">
      {told.map((each) => (
        <li key={each}>{each}</li>
      ))}
    </ul>
  )
}

interface MoveFormProps {
  /** What keeps it from being sent, in the words of its fields; false where nothing does. */
  readonly missing: readonly (string | false)[]
  readonly onSend: () => void
  /** The button that sends, unless something else is to be decided first. */
  readonly act: ReactNode
  /** Why it was refused. */
  readonly refused: ReactNode
  readonly children: ReactNode
}

/** The frame of both announcements: the fields, what is still missing once it was tried, and the press. */
export function MoveForm({ missing, onSend, act, refused, children }: MoveFormProps) {
  const [tried, setTried] = useState(false)
  const told = missing.filter((each) => each !== false)
  return (
    <form
      className={styles.form}
      // All that is missing is told at once, below; a browser would stop at the first.
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (told.length === 0) onSend()
      }}
    >
      {children}
      {tried && <Missing told={told} />}
      {refused}
      <div className={styles.buttons}>
        {act}
        <LinkButton to="/moves">
          <Trans>やめる</Trans>
        </LinkButton>
      </div>
    </form>
  )
}
