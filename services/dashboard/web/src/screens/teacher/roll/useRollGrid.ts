import { t } from '@lingui/core/macro'
import { useLayoutEffect, useMemo, useReducer, useRef, useState } from 'react'
import type { Roll } from '~/api/types'
import { EMPTY, reduce, type Action, type CellKey, type Draft, type GridState } from '~/grid/model'
import { keepDraft, readDraft } from '~/outbox/drafts'
import type { Entry } from '~/outbox/rules'
import { columnsOf, heldOf, isTaken, rowsOf } from './rules'

type Kept = readonly (readonly [CellKey, Draft])[]

/** The grid's state of one roll: fed by the server and the outbox, with what is typed kept on the device. */
export function useRollGrid(roll: Roll, entries: readonly Entry[], draftKey: string): [GridState, (action: Action) => void] {
  const arrival = useMemo<Action>(() => {
    const locked = !roll.may.take || roll.closed !== null || isTaken(roll, entries) || entries.some(({ state }) => state === 'parked')
    const rows = rowsOf(roll.members, (home) => (home === '' ? t`交流` : t`交流・${home}`))
    return { type: 'arrived', shape: { columns: columnsOf(roll), rows, locked }, held: heldOf(roll, entries) }
  }, [roll, entries])
  const [kept] = useState(() => (readDraft(draftKey) ?? []) as Kept)
  const [state, act] = useReducer(reduce, arrival, (first) => reduce(reduce(EMPTY, first), { type: 'restore', drafts: new Map(kept) }))
  useLayoutEffect(() => act(arrival), [arrival])

  // Before the key's event is over: an effect that comes later may come too late. What the server has by now is
  // forgotten here at once, or it would come back over what others enter after it.
  const known = useRef(state.drafts.size < kept.length ? null : state.drafts)
  useLayoutEffect(() => {
    if (state.drafts === known.current) return
    known.current = state.drafts
    keepDraft(draftKey, state.drafts.size ? [...state.drafts] : null)
  }, [draftKey, state.drafts])
  return [state, act]
}
