/**
 * What was typed and not yet confirmed, kept on the device so that a reload, a killed tab or a new sign-in loses
 * nothing. It is kept twice: in localStorage before the key's event is over, so that nothing comes too early for it
 * (but Chromium lets that lie in memory for up to a minute); and a moment later in IndexedDB, which outlives a killed
 * browser. Every cell by itself, so that two tabs never write over each other's, and each hears of the other's at once.
 * A day at most; ids, codes and names of classes only, never people's names or what is written of them; each key begins
 * with its owner's id; gone with the sign-out, and when the session is revoked.
 */
import { createStore, delMany, entries, keys, update } from 'idb-keyval'
import { clock } from '~/dates/clock'

const KEPT_MS = 24 * 3_600_000
/** A device's store that does not answer keeps nobody from working. */
const PATIENCE_MS = 3000
const PREFIX = 'tsumugi-draft '

interface Kept {
  /** One more with every change of its cell: tells which store is newer, whatever the clock does. */
  readonly turn: number
  readonly at: number
  /** null: nothing is left. Kept like any other, or the later store would bring back what was taken away. */
  readonly value: unknown
}

const later = createStore('tsumugi-drafts', 'drafts')
let agreed: Promise<void> | undefined
let left = false

/** Resolved when both stores say the same; before that `readDrafts` may be old. Never fails. */
export function draftsReady(): Promise<void> {
  agreed ??= Promise.race([agree(), new Promise<void>((done) => setTimeout(done, PATIENCE_MS))])
  return agreed
}

/** The newer of both becomes what is read; what is older than a day is thrown away. */
async function agree(): Promise<void> {
  await quietly(async () => {
    for (const [key, kept] of await entries<string, Kept>(later)) if (kept.turn > turnOf(key)) note(key, kept)
  })
  await forget((key) => !isFresh(noted(key)))
}

/** What is kept under `<owner> …`, by cell. */
export function readDrafts(key: string): ReadonlyMap<string, unknown> {
  const cells = names().flatMap((name) => (name.startsWith(`${key} `) ? name.slice(key.length + 1) : []))
  return new Map(cells.map((cell) => [cell, readDraft(key, cell)] as const).filter(([, value]) => value !== null))
}

/** What is kept of one cell, or null. */
export function readDraft(key: string, cell: string): unknown {
  const kept = noted(`${key} ${cell}`)
  return isFresh(kept) ? kept.value : null
}

/** Keeps it, or with null that nothing is left. Once this has returned, a reload finds it, and other tabs hear of it. */
export function keepDraft(key: string, cell: string, value: unknown): void {
  if (left) return
  const name = `${key} ${cell}`
  const kept: Kept = { turn: turnOf(name) + 1, at: clock.now(), value }
  note(name, kept)
  void quietly(() => update<Kept>(name, (before) => (before && before.turn > kept.turn ? before : kept), later))
}

/** Told of every cell that another tab changes. Answers the function that stops it. */
export function watchDrafts(key: string, heard: (cell: string) => void): () => void {
  const prefix = `${PREFIX}${key} `
  const listener = ({ key: name }: StorageEvent) => {
    if (name?.startsWith(prefix)) heard(name.slice(prefix.length))
  }
  addEventListener('storage', listener)
  return () => removeEventListener('storage', listener)
}

/** Forgets everything of this person (sign-out, revoked session); this page keeps nothing any more. */
export async function wipeDrafts(owner: string): Promise<void> {
  left = true
  await draftsReady() // or what is being agreed upon would come back
  await forget((key) => key.startsWith(`${owner} `))
}

function isFresh(kept: Kept | null): kept is Kept {
  return kept !== null && clock.now() - kept.at < KEPT_MS
}

function turnOf(key: string): number {
  return noted(key)?.turn ?? 0
}

function noted(key: string): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

function note(key: string, kept: Kept): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(kept))
  } catch {
    // Forbidden or full: the later store may still take it.
  }
}

/** All `<owner> … <cell>` that are noted. */
function names(): readonly string[] {
  try {
    return Object.keys(localStorage).flatMap((name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : []))
  } catch {
    return [] // No store, nothing kept.
  }
}

async function forget(which: (key: string) => boolean): Promise<void> {
  for (const key of names().filter(which)) localStorage.removeItem(PREFIX + key)
  await quietly(async () => delMany((await keys<string>(later)).filter(which), later))
}

/** Where the device has no store, drafts live only on the screen. */
async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch {
    // As said.
  }
}
