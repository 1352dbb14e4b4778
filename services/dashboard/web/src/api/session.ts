import { useSyncExternalStore } from 'react'
import type { Problem } from './problem'

/**
 * Whether this browser's session still holds. `ended` is learnt from an answer (401 signed-out) or from the live
 * stream, and told to the other tabs; it takes nothing away from what was typed. `another`: a session stands, but of
 * somebody else than this page's person, and nothing of theirs may be sent under it. `left`: signed out or revoked;
 * the device is being wiped and every page of this person goes away.
 */
export type SessionState = 'open' | 'ended' | 'another' | 'left'

/** Whose page says it; null while it does not know. */
type News =
  | { readonly state: 'open' | 'ended'; readonly owner: string | null }
  | { readonly state: 'left'; readonly owner: string; readonly to: string }

let state: SessionState = 'open'
let owner: string | null = null
const listeners = new Set<() => void>()
const takenListeners = new Set<() => void>()
const leftListeners = new Set<(person: string, to: string) => void>()
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('tsumugi-session')

function set(next: SessionState): void {
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}

function tell(news: News): void {
  others?.postMessage(news)
}

function leave(person: string, to: string): void {
  if (state === 'left') return
  set('left')
  for (const listener of leftListeners) listener(person, to)
}

function hear(news: News): void {
  if (state === 'left') return
  if (news.state === 'left') {
    if (news.owner === owner) leave(news.owner, news.to)
    return
  }
  const ours = owner === null || news.owner === null || news.owner === owner
  if (ours) set(news.state)
  else if (news.state === 'open') {
    set('another')
    for (const listener of takenListeners) listener()
  }
}

others?.addEventListener('message', ({ data }: MessageEvent<News>) => hear(data))

export const session = {
  current: (): SessionState => state,
  end(): void {
    if (state === 'left') return
    if (state !== 'ended') tell({ state: 'ended', owner })
    set('ended')
  },
  /** This person leaves the device, in every tab, for the address `to`. */
  leave(person: string, to: string): void {
    if (state !== 'left') tell({ state: 'left', owner: person, to })
    leave(person, to)
  },
  /** What a refusal says of the session; its headers name whose was revoked. */
  heed(problem: Problem, headers: Headers): void {
    const revoked = problem.revoked ? headers.get('X-Tsumugi') : null
    if (revoked !== null) session.leave(revoked, '/signed-out?why=revoked')
    else if (problem.signedOut) session.end()
    else if (problem.another) set('another')
  },
  /** A session of this person stands (again); their other tabs that saw its end may go on, and nobody else's. */
  open(person: string): void {
    owner = person
    tell({ state: 'open', owner })
    set('open')
  },
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** A person leaves the device: here, in another tab of theirs, or by an order. */
  onLeft: (listener: (person: string, to: string) => void): (() => void) => {
    leftListeners.add(listener)
    return () => leftListeners.delete(listener)
  },
  /** Another tab was opened by somebody else than this page's person. */
  onTaken: (listener: () => void): (() => void) => {
    takenListeners.add(listener)
    return () => takenListeners.delete(listener)
  },
}

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.current)
}

/** The sign-in that comes back to the same address; `again` asks for a second proof of who it is. */
export function signInAddress(to: string, again = false): string {
  return `/auth/login?to=${encodeURIComponent(to)}${again ? '&again=true' : ''}`
}

/** A guardian's first sign-in, with the code that the school has printed. */
export function paperSignInAddress(): string {
  return '/auth/login?by=paper'
}
