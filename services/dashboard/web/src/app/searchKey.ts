import { useEffect, useRef } from 'react'
import { isImeKey } from '~/grid/ime'

/** Ctrl+K (⌘K) anywhere, also while typing: the search is never where something is lost. */
export function useSearchKey(open: () => void, there: boolean): void {
  const latest = useRef(open)
  useEffect(() => {
    latest.current = open
  })
  useEffect(() => {
    if (!there) return
    const press = (event: KeyboardEvent) => {
      if (isImeKey(event) || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return
      if (event.code !== 'KeyK' && event.key.toLowerCase() !== 'k') return
      event.preventDefault()
      event.stopPropagation()
      latest.current()
    }
    addEventListener('keydown', press, true)
    return () => removeEventListener('keydown', press, true)
  }, [there])
}
