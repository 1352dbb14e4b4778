import { useState } from 'react'
import { useMe } from '~/app/me'
import { keepDraft, readDraft } from '~/outbox/drafts'
import type { Plan, PlanPage } from './data'

const CELL = 'plan'

interface Kept {
  /** Of the plan it was made from. */
  readonly revision: number
  readonly plan: Plan
}

/**
 * The plan that is being made, with the way back step by step. What is not saved yet is kept on the device, so that an
 * ended session, a reload or a killed tab loses nothing of it.
 */
export function usePlan(page: PlanPage) {
  const key = `${useMe().person.id} class-plan/${page.school}/${page.year}`
  const [found] = useState(() => readDraft(key, CELL) as Kept | null)
  const again = found?.revision === page.revision
  const [plan, setPlan] = useState<Plan>(again ? found.plan : page.plan)
  const [past, setPast] = useState<readonly Plan[]>(again ? [page.plan] : [])
  const [resumed, setResumed] = useState(again)
  /** What was kept was made from a plan that has been saved over since. */
  const [outdated, setOutdated] = useState(found !== null && !again)

  function put(next: Plan, before: readonly Plan[]) {
    setPlan(next)
    setPast(before)
    keepDraft(key, CELL, before.length > 0 ? ({ revision: page.revision, plan: next } satisfies Kept) : null)
  }

  return {
    plan,
    dirty: past.length > 0,
    /** What is on the screen was kept from before. */
    resumed,
    outdated,
    change: (next: Plan) => put(next, [...past, plan]),
    undo: () => {
      const before = past.at(-1)
      if (before) put(before, past.slice(0, -1))
    },
    /** Nothing is left to save: it was saved, or is to be lost. */
    forget: () => {
      setPast([])
      setOutdated(false)
      setResumed(false)
      keepDraft(key, CELL, null)
    },
  }
}
