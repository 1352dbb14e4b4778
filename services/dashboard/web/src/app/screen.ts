import { t } from '@lingui/core/macro'
import { useEffect } from 'react'

/** A key and what it does, for the help of `?`. */
export interface KeyHelp {
  readonly keys: string
  readonly word: string
}

export interface Screen {
  readonly keys: readonly KeyHelp[]
  /** Letter after `g` → where it goes. */
  readonly jumps: Readonly<Record<string, () => void>>
}

const NONE: Screen = { keys: [], jumps: {} }
let shown = NONE

/**
 * A screen says its title, its keys and its own jumps to the frame around it. The frame asks when a key is pressed; it
 * is not drawn again for it.
 */
export function useScreen(title: string, keys: readonly KeyHelp[] = NONE.keys, jumps: Screen['jumps'] = NONE.jumps): void {
  useEffect(() => {
    document.title = t`${title} | 紬（つむぎ）`
  }, [title])
  useEffect(() => {
    shown = { keys, jumps }
  })
  useEffect(
    () => () => {
      shown = NONE
    },
    [],
  )
}

/** What the screen inside the frame has said. */
export function shownScreen(): Screen {
  return shown
}

/** The title alone, for a screen that has nothing else to say yet. */
export function ScreenTitle({ title }: { readonly title: string }): null {
  useScreen(title)
  return null
}
