import { useMemo, useSyncExternalStore } from 'react'
import type { Kind } from './kinds'
import { Outbox } from './outbox'
import type { Entry } from './rules'

export const outbox = new Outbox()

/** All commands on this device, as last read from its store. */
export function useOutbox(): readonly Entry[] {
  return useSyncExternalStore(outbox.subscribe, outbox.current)
}

/** This person's commands of one kind to one address. */
export function useOutboxOf(owner: string, kind: Kind, path: string): readonly Entry[] {
  const queue = useOutbox()
  return useMemo(() => queue.filter((entry) => entry.owner === owner && entry.kind === kind && entry.path === path), [queue, owner, kind, path])
}
