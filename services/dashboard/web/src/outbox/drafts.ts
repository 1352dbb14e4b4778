/**
 * What was typed and not yet confirmed, kept on the device so that a reload or a new sign-in loses nothing. A day at
 * most, only marks and pupil ids, never names; gone with the sign-out.
 */
import { clear, createStore, del, entries, get, set } from 'idb-keyval'
import { clock } from '~/dates/clock'

const KEPT_MS = 24 * 3_600_000

interface Kept<T> {
  readonly at: number
  readonly value: T
}

const store = createStore('tsumugi-drafts', 'drafts')

/** Where the device has no store, drafts live only on the screen. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}

export async function readDraft<T>(key: string): Promise<T | undefined> {
  const kept = await quietly(() => get<Kept<T>>(key, store))
  return kept && clock.now() - kept.at < KEPT_MS ? kept.value : undefined
}

/** Keeps it, or forgets it when there is nothing to keep. */
export async function keepDraft(key: string, value: unknown): Promise<void> {
  await quietly(() => (value === null ? del(key, store) : set(key, { at: clock.now(), value } satisfies Kept<unknown>, store)))
}

export async function wipeDrafts(): Promise<void> {
  await quietly(() => clear(store))
}

/** Throws away what is older than a day. */
export async function agedDrafts(): Promise<void> {
  await quietly(async () => {
    const old = (await entries<string, Kept<unknown>>(store)).filter(([, kept]) => clock.now() - kept.at >= KEPT_MS)
    await Promise.all(old.map(([key]) => del(key, store)))
  })
}
