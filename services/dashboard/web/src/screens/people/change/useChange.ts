import { useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { uuid7 } from '~/api/uuid7'
import { useMe } from '~/app/me'
import { carrySaved, ERASED } from '../Saved'

/** What is sent, as registry's `Ask` or `ErasureIn`. */
export type Ask = Readonly<Record<string, unknown>>

export type Step =
  | { readonly kind: 'typing' }
  /** Which of the acts it is was not chosen. */
  | { readonly kind: 'unchosen' }
  | { readonly kind: 'sending' }
  /** What would follow, to be read before saving. */
  | { readonly kind: 'follows'; readonly words: readonly string[]; readonly ask: Ask }
  | { readonly kind: 'wrong'; readonly problem: Problem }
  /** Somebody else came first: what stands now is told, what was typed stays. */
  | { readonly kind: 'stale'; readonly problem: Problem }
  | { readonly kind: 'away' }

/**
 * Two steps of every change of a card: what would follow is read first, then saved. Never optimistic: who is told and
 * what follows is shown before the press (ux.md §7, §10). After an erasure there is no card to go back to.
 */
export function useChange(person: string, what: 'changes' | 'erasure' = 'changes') {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [step, setStep] = useState<Step>({ kind: 'typing' })
  const id = useRef<{ readonly ask: Ask; readonly id: string } | null>(null)
  const path = `/api/registry/v1/people/${person}/${what}`

  async function send<T>(act: () => Promise<T>): Promise<T | null> {
    setStep({ kind: 'sending' })
    try {
      return await act()
    } catch (error) {
      if (error instanceof NotConnected) setStep({ kind: 'away' })
      else if (error instanceof Problem && error.status === 409) {
        await queries.invalidateQueries({ queryKey: ['card', person] })
        setStep({ kind: 'stale', problem: error })
      } else if (error instanceof Problem) setStep({ kind: 'wrong', problem: error })
      else throw error
      return null
    }
  }

  async function look(ask: Ask | null): Promise<void> {
    if (ask === null) {
      setStep({ kind: 'unchosen' })
      return
    }
    const answer = await send(() => command<{ words: string[] }>(`${path}/preview`, ask, uuid7(), me.person.id))
    if (answer) setStep({ kind: 'follows', words: answer.words, ask })
  }

  async function save(ask: Ask): Promise<void> {
    // A second press after a broken connection is the same command.
    if (id.current?.ask !== ask) id.current = { ask, id: uuid7() }
    const { id: key } = id.current
    const answer = await send(() => command<{ words: string[] }>(path, ask, key, me.person.id))
    if (!answer) return
    if (what === 'erasure') {
      carrySaved(queries, ERASED, [])
      await navigate({ to: '/people/erased' })
      queries.removeQueries({ queryKey: ['card', person] })
    } else {
      carrySaved(queries, person, answer.words)
      await navigate({ to: '/people/$personId', params: { personId: person } })
    }
    await Promise.all(['card', 'people', 'erasures'].map((kind) => queries.invalidateQueries({ queryKey: [kind] })))
  }

  const refused = (field: string) => (step.kind === 'wrong' ? step.problem.body.errors.find((each) => each.field === field || each.field?.endsWith(`.${field}`)) : undefined)
  const wrong = (field: string) => refused(field)?.message
  /** What the service would take in the field's place. */
  const instead = (field: string) => refused(field)?.instead
  const unchosen = step.kind === 'unchosen' ? t`どれかを選んでください` : undefined
  return { step, look, save, back: () => setStep({ kind: 'typing' }), wrong, unchosen, instead }
}

export type Change = ReturnType<typeof useChange>
