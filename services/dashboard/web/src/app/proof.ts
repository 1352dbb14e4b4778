/**
 * Who is asked once more who they are leaves the page for it. What they had filled in is kept meanwhile, and whoever
 * comes back goes on with it: like every draft ids, codes and days, no names (docs/decisions/0009).
 */
import { useEffect, useState } from 'react'
import type { NotConnected } from '~/api/problem'
import { Problem } from '~/api/problem'
import { clock } from '~/dates/clock'
import { keepDraft, readDraft } from '~/outbox/drafts'
import { useMe } from './me'

/** A proof takes a minute or two: nobody meets yesterday's dialog again. */
const KEPT_MS = 15 * 60_000

interface Kept {
  readonly at: number
  readonly filled: unknown
}

/** Keeps `filled` while the last answer (`error`) asks for a proof; gone with the dialog, or once it is sent again. */
export function useKeptForProof(place: string, error: Problem | NotConnected | null, filled: unknown): void {
  const key = keyOf(useMe().person.id)
  const kept = error instanceof Problem && error.stepUp ? JSON.stringify(filled) : null
  useEffect(() => {
    if (kept === null) return undefined
    keepDraft(key, place, { at: clock.now(), filled: JSON.parse(kept) as unknown } satisfies Kept)
    return () => keepDraft(key, place, null)
  }, [key, place, kept])
}

/** What was being filled in here before the proof; taken up once, so that it is not met again later. */
export function useFilledBefore(place: string): unknown {
  const key = keyOf(useMe().person.id)
  const [found] = useState(() => readDraft(key, place) as Kept | null)
  useEffect(() => {
    if (found !== null) keepDraft(key, place, null)
  }, [key, place, found])
  return found !== null && clock.now() - found.at < KEPT_MS ? found.filled : null
}

const keyOf = (owner: string) => `${owner} proof`
