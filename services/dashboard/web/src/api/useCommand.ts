import { useRef, useState } from 'react'
import { command } from './http'
import { NotConnected, Problem } from './problem'
import { uuid7 } from './uuid7'

export interface Sending<T> {
  /** Sends; null when it was refused or nobody answered (`error` says why). */
  readonly send: (path: string, body: unknown) => Promise<T | null>
  readonly sending: boolean
  readonly error: Problem | NotConnected | null
  readonly forget: () => void
}

/**
 * A command that is sent at once and not kept on the device: changes of rights, of the roster, of the calendar. Sent
 * again after a broken connection it is the same command as long as it says the same.
 */
export function useCommand<T>(owner: string): Sending<T> {
  const [sending, setSending] = useState(false)
  const [error, setError] = useState<Problem | NotConnected | null>(null)
  const last = useRef({ what: '', id: '' })
  async function send(path: string, body: unknown): Promise<T | null> {
    const what = `${path} ${JSON.stringify(body)}`
    if (last.current.what !== what) last.current = { what, id: uuid7() }
    setSending(true)
    setError(null)
    try {
      const answer = await command<T>(path, body, last.current.id, owner)
      last.current = { what: '', id: '' }
      return answer
    } catch (thrown) {
      if (!(thrown instanceof Problem || thrown instanceof NotConnected)) throw thrown
      // A refusal is final for its number: what is asked once more is asked anew.
      if (thrown instanceof Problem && thrown.status < 500) last.current = { what: '', id: '' }
      setError(thrown)
      return null
    } finally {
      setSending(false)
    }
  }
  return { send, sending, error, forget: () => setError(null) }
}
