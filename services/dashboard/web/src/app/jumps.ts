import { useEffect, useRef } from 'react'
import { isImeKey, letterOf } from '~/grid/ime'

/** Time for the letter after `g`. */
const WAIT_MS = 1500

/**
 * `g` and a letter, and `?`, anywhere on the page. The letter after `g` is caught before the grid sees it (T would be
 * a mark); `g` itself and `?` only when nothing else wanted them and nobody is typing.
 */
export function useJumps(jumpTo: (letter: string) => (() => void) | undefined, onHelp: () => void): void {
  const latest = useRef({ jumpTo, onHelp })
  useEffect(() => {
    latest.current = { jumpTo, onHelp }
  })
  useEffect(() => {
    let since = -Infinity
    const caught = (event: KeyboardEvent) => {
      if (event.timeStamp - since > WAIT_MS || isModifier(event) || isImeKey(event)) return
      since = -Infinity
      const jump = latest.current.jumpTo(letterOf(event).toLowerCase())
      if (!jump) return
      event.preventDefault()
      event.stopPropagation()
      jump()
    }
    const left = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isImeKey(event) || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (letterOf(event) === 'G') since = event.timeStamp
      else if (event.key.normalize('NFKC') === '?') latest.current.onHelp()
    }
    addEventListener('keydown', caught, true)
    addEventListener('keydown', left)
    return () => {
      removeEventListener('keydown', caught, true)
      removeEventListener('keydown', left)
    }
  }, [])
}

function isModifier({ key }: KeyboardEvent): boolean {
  return ['Shift', 'Control', 'Alt', 'Meta', 'CapsLock'].includes(key)
}

/** In a field, or in a dialog, which is for one decision only. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false
  return target.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="alertdialog"]') !== null
}
