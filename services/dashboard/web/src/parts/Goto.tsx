import { useRouter } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, MouseEvent } from 'react'

interface GotoProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly href: string
}

/** A link to an address that is known only as text (from the server, or from a stored command). */
export function Goto({ href, onClick, ...rest }: GotoProps) {
  const router = useRouter()
  function go(event: MouseEvent<HTMLAnchorElement>) {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    router.history.push(href)
  }
  return <a {...rest} href={href} onClick={go} />
}
