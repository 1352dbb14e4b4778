import { useSyncExternalStore } from 'react'

/**
 * Whether this browser's session still holds. `ended` is learnt from an answer (401 signed-out) or from the live
 * stream, and told to the other tabs; it takes nothing away from what was typed. `another`: a session stands, but of
 * somebody else than this page's person, and nothing of theirs may be sent under it.
 */
export type SessionState = 'open' | 'ended' | 'another'

interface News {
  readonly state: 'open' | 'ended'
  /** Whose page says it; null while it does not know. */
  readonly owner: string | null
}

let state: SessionState = 'open'
let owner: string | null = null
const listeners = new Set<() => void>()
const takenListeners = new Set<() => void>()
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('tsumugi-session')

function set(next: SessionState): void {
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}

function tell(news: News): void {
  others?.postMessage(news)
}

function hear(news: News): void {
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
    if (state !== 'ended') tell({ state: 'ended', owner })
    set('ended')
  },
  /** An answer said that somebody else is signed in. */
  lose(): void {
    set('another')
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
