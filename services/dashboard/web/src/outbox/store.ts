import { createStore, get, set } from 'idb-keyval'
import type { Entry } from './rules'

/** Where the queue is kept. */
export interface QueueStore {
  /** Whether it outlives this tab. */
  readonly durable: boolean
  read(): Promise<readonly Entry[]>
  write(queue: readonly Entry[]): Promise<void>
}

/** The device's store, or memory where the browser has none (some private windows); `durable` tells which. */
export function openStore(): QueueStore {
  const kept = createStore('tsumugi', 'outbox')
  let memory: readonly Entry[] | null = null
  return {
    get durable() {
      return memory === null
    },
    async read() {
      if (memory) return memory
      try {
        return (await get<readonly Entry[]>('queue', kept)) ?? []
      } catch {
        return (memory = [])
      }
    },
    async write(queue) {
      try {
        if (!memory) {
          await set('queue', queue, kept)
          return
        }
      } catch {
        // Full or forbidden: what was entered must not be lost while this tab is open.
      }
      memory = queue
    },
  }
}
