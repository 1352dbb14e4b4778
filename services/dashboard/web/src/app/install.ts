import { useSyncExternalStore } from 'react'

/** Chromium's event; elsewhere a page has no way to ask. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>
}

let offered: InstallPrompt | null = null
const listeners = new Set<() => void>()

function set(event: InstallPrompt | null): void {
  offered = event
  for (const listener of listeners) listener()
}

/** The browser would ask by itself, and at once: it is kept until somebody has seen what it is good for. */
export function holdInstall(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    set(event as InstallPrompt)
  })
  addEventListener('appinstalled', () => set(null))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Asks for a place on the home screen; null where that cannot be asked, or is so already. */
export function useInstall(): (() => void) | null {
  const event = useSyncExternalStore(subscribe, () => offered)
  return event === null ? null : () => {
    set(null)
    void event.prompt()
  }
}
