import { t } from '@lingui/core/macro'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'react'
import type { Roll } from '~/api/types'
import { EMPTY, reduce, type Action, type CellKey, type Draft, type GridState } from '~/grid/model'
import { keepDraft, readDraft, readDrafts, watchDrafts } from '~/outbox/drafts'
import type { Entry } from '~/outbox/rules'
import { columnsOf, heldOf, isTaken, rowsOf } from './rules'

type Kept = ReadonlyMap<CellKey, Draft>

/** The grid's state of one roll: fed by the server and the outbox, with what is typed kept on the device. */
export function useRollGrid(roll: Roll, entries: readonly Entry[], draftKey: string): [GridState, (action: Action) => void] {
  const arrival = useMemo<Action>(() => {
    const locked = !roll.may.take || roll.closed !== null || isTaken(roll, entries) || entries.some(({ state }) => state === 'parked')
    const rows = rowsOf(roll.members, (home) => (home === '' ? t`交流` : t`交流・${home}`))
    return { type: 'arrived', shape: { columns: columnsOf(roll), rows, locked }, held: heldOf(roll, entries) }
  }, [roll, entries])
  const [kept] = useState(() => readDrafts(draftKey) as Kept)
  const [state, act] = useReducer(reduce, arrival, (first) => reduce(reduce(EMPTY, first), { type: 'restore', drafts: kept }))
  useLayoutEffect(() => act(arrival), [arrival])

  // Before the key's event is over: an effect that comes later may come too late. What the server has by now is
  // forgotten here at once, or it would come back over what others enter after it.
  const known = useRef(new Map(kept))
  useLayoutEffect(() => {
    const now = new Map([...state.leaving, ...state.drafts])
    for (const cell of new Set([...known.current.keys(), ...now.keys()]))
      if (now.get(cell) !== known.current.get(cell)) keepDraft(draftKey, cell, now.get(cell) ?? null)
    known.current = now
  }, [draftKey, state.leaving, state.drafts])

  useEffect(() => {
    const hear = (cell: CellKey) => {
      const draft = readDraft(draftKey, cell) as Draft | null
      if (draft) known.current.set(cell, draft)
      else known.current.delete(cell)
      act({ type: 'told', cell, draft })
    }
    for (const cell of (readDrafts(draftKey) as Kept).keys()) if (!known.current.has(cell)) hear(cell) // between the first look and now
    return watchDrafts(draftKey, (cell) => hear(cell as CellKey))
  }, [draftKey])
  return [state, act]
}
