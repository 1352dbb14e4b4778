import { useRef, useState } from 'react'
import { useMe } from '~/app/me'
import { keepDraft, readDraft } from '~/outbox/drafts'
import type { Plan, PlanPage } from './data'
import { changed, rebased, settled, undone, type Base, type Draft } from './drafting'

const CELL = 'plan'
type Kept = Pick<Draft, 'base' | 'plan'>

/**
 * The plan that is being made, with the way back step by step. What is not saved yet outlives every answer that comes
 * meanwhile, and is kept on the device, so that an ended session, a reload or a killed tab loses nothing of it.
 */
export function usePlan(page: PlanPage) {
  const key = `${useMe().person.id} class-plan/${page.school}/${page.year}`
  const [found] = useState((): Draft | null => {
    const kept = readDraft(key, CELL) as Kept | null
    return kept && { ...kept, past: [kept.base.plan] }
  })
  const [draft, setDraft] = useState<Draft | null>(found)
  /** What the next change begins with: an answer to a save comes long after the press. */
  const latest = useRef(found)
  const [resumed, setResumed] = useState(found !== null)
  const [saved, setSaved] = useState<Base>(page)
  // A read that was begun before a save may come after it.
  const { revision, plan } = saved.revision > page.revision ? saved : page
  const base = { revision, plan }

  function put(next: Draft | null) {
    latest.current = next
    setDraft(next)
    if (next === null) setResumed(false)
    keepDraft(key, CELL, next && ({ base: next.base, plan: next.plan } satisfies Kept))
  }

  return {
    plan: draft?.plan ?? plan,
    /** What it was made from. */
    seen: draft?.base.revision ?? revision,
    dirty: draft !== null,
    /** What is on the screen was kept from before. */
    resumed,
    /** Somebody else has saved theirs since it was begun. */
    outdated: draft !== null && draft.base.revision !== revision,
    change: (next: Plan) => put(changed(latest.current, base, next)),
    undo: () => put(latest.current && undone(latest.current)),
    /** `sent` was saved, and is what the page now shows. */
    settle: (sent: Plan, now: Base) => {
      setSaved({ revision: now.revision, plan: now.plan })
      put(settled(latest.current, sent, now))
    },
    /** The changes are made upon what was saved meanwhile. */
    rebase: () => put(latest.current && rebased(latest.current, base)),
    /** What is not saved is to be lost. */
    forget: () => put(null),
  }
}
