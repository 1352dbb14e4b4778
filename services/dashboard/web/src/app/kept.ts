/**
 * What a guardian's own telephone knows without a network: who they are and the names of their children, so that an
 * absence can be written before there is any. Nothing that was told, no reading, no health (docs/decisions/0020). Only where
 * the sign-in stands for weeks, which is where only its owner uses the device; gone with the sign-out.
 */
import { createStore, del, get, set } from 'idb-keyval'
import type { Me } from '~/api/types'
import { instant, japanDay, type Day } from '~/dates/dates'
import { clock } from '~/dates/clock'

interface Kept<T> {
  readonly owner: string
  readonly me: Me
  /** What the first screen shows, without what was told. */
  readonly family: T
}

const KEY = 'family'
/** A shared device's sign-in ends the same day. */
const OWN_DEVICE_MS = 7 * 86_400_000

const store = once(() => createStore('tsumugi-family', 'kept'))

let left = false

export async function keepFamily(me: Me, family: unknown): Promise<void> {
  const ends = instant(me.session_ends_at)
  if (left || me.kind !== 'guardian' || ends === null || ends - clock.now() < OWN_DEVICE_MS) return
  await set(KEY, { owner: me.person.id, me, family } satisfies Kept<unknown>, store()).catch(() => undefined)
}

/** What is kept here, as long as its sign-in would stand. */
export async function keptFamily<T>(): Promise<Kept<T> | null> {
  const kept = await get<Kept<T>>(KEY, store()).catch(() => undefined)
  if (!kept) return null
  const ends = instant(kept.me.session_ends_at)
  if (ends !== null && clock.now() < ends) return kept
  await forgetFamily()
  return null
}

async function forgetFamily(): Promise<void> {
  await del(KEY, store()).catch(() => undefined)
}

/** At sign-out: an answer that was still on its way is not kept behind it. */
export async function leaveFamily(): Promise<void> {
  left = true
  await forgetFamily()
}

/** Somebody is here now: nothing of anybody else stays. */
export async function forgetOthers(owner: string): Promise<void> {
  const kept = await get<Kept<unknown>>(KEY, store()).catch(() => undefined)
  if (kept && kept.owner !== owner) await forgetFamily()
}

/** Today, when nobody can be asked: training stays on its day. */
export function todayAway({ training, today }: Me): Day {
  return training ? today : japanDay(clock.now())
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
