import { createStore, get, set } from 'idb-keyval'
import type { Entry } from './rules'

/** Where the queue is kept. */
export interface QueueStore {
  /** Whether all of it outlives this tab. */
  readonly durable: boolean
  read(): Promise<readonly Entry[]>
  /** Answers the queue after the change. One at a time on a device. */
  change(change: (queue: readonly Entry[]) => readonly Entry[]): Promise<readonly Entry[]>
}

/**
 * The device's store. What it does not take (none in some private windows, full, a connection that broke) is kept in
 * memory over what it holds, and written as soon as it answers again: nothing of it is hidden or lost by that.
 */
export function openStore(): QueueStore {
  const connect = () => createStore('tsumugi', 'outbox')
  let device = connect()
  let away = false
  let last: readonly Entry[] = []
  /** Changes that the device has not taken; null: removed. */
  const over = new Map<string, Entry | null>()

  /** A second time over a new connection: browsers close them without a word. */
  async function twice<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch {
      device = connect()
      return work()
    }
  }

  /** True when the device took part. */
  async function tried(work: () => Promise<void>): Promise<boolean> {
    away = await twice(work).then(
      () => false,
      () => true,
    )
    return !away
  }

  /** Without the device, what it held last. */
  function look(): Promise<boolean> {
    return tried(async () => {
      const held = (await get<readonly Entry[]>('queue', device)) ?? []
      const known = new Set(held.map(({ id }) => id))
      const more = [...over.values()].filter((entry) => entry !== null && !known.has(entry.id)) as Entry[]
      last = [...held.flatMap((entry) => (over.has(entry.id) ? (over.get(entry.id) ?? []) : entry)), ...more]
    })
  }

  return {
    get durable() {
      return !away && !over.size
    },
    async read() {
      await look()
      return last
    },
    async change(change) {
      // What was not read is not written over: another tab may have added to it.
      const whole = await look()
      const [before, after] = [last, change(last)]
      if (whole && (await tried(() => set('queue', after, device)))) over.clear()
      else {
        const left = new Set(after)
        for (const entry of before) if (!left.has(entry)) over.set(entry.id, null)
        for (const entry of after) if (!before.includes(entry)) over.set(entry.id, entry)
      }
      return (last = after)
    },
  }
}
