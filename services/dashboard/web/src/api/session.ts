import { useSyncExternalStore } from 'react'

/**
 * Whether this browser's session still holds. `ended` is learnt from an answer (401 signed-out) or from the live
 * stream, and told to the other tabs; it takes nothing away from what was typed.
 */
export type SessionState = 'open' | 'ended'

let state: SessionState = 'open'
const listeners = new Set<() => void>()
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('tsumugi-session')

function set(next: SessionState): void {
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}

others?.addEventListener('message', (event) => set(event.data === 'ended' ? 'ended' : 'open'))

export const session = {
  current: (): SessionState => state,
  end(): void {
    if (state !== 'ended') others?.postMessage('ended')
    set('ended')
  },
  /** A session stands (again); other tabs that saw its end may go on. */
  open(): void {
    others?.postMessage('open')
    set('open')
  },
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.current)
}

/** The sign-in that comes back to the same address; `again` asks for a second proof of who it is. */
export function signInAddress(to: string, again = false): string {
  return `/auth/login?to=${encodeURIComponent(to)}${again ? '&again=true' : ''}`
}
