import { useEffect, useSyncExternalStore } from 'react'

/** A key and what it does, for the help of `?`. */
export interface KeyHelp {
  readonly keys: string
  readonly word: string
}

interface Screen {
  readonly keys: readonly KeyHelp[]
  /** Letter after `g` → where it goes. */
  readonly jumps: Readonly<Record<string, () => void>>
}

const NONE: Screen = { keys: [], jumps: {} }
let shown = NONE
const listeners = new Set<() => void>()

function show(screen: Screen): void {
  shown = screen
  for (const listener of listeners) listener()
}

/** A screen says its title, its keys and its own jumps to the frame around it. */
export function useScreen(title: string, keys: readonly KeyHelp[] = NONE.keys, jumps: Screen['jumps'] = NONE.jumps): void {
  useEffect(() => {
    document.title = `${title} · Tsumugi`
  }, [title])
  useEffect(() => {
    show({ keys, jumps })
  })
  useEffect(() => () => show(NONE), [])
}

/** What the screen inside the frame has said. */
export function useShownScreen(): Screen {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => shown,
  )
}

/** The title alone, for a screen that has nothing else to say yet. */
export function ScreenTitle({ title }: { readonly title: string }): null {
  useScreen(title)
  return null
}
