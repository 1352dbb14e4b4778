/** One event stream, kept open for a changing list of keys. Only the leading tab has one. */
import { NotConnected, problemFrom } from '~/api/problem'
import { session } from '~/api/session'
import { LOST_AFTER_MS, retryDelay } from './rules'
import { SseParser } from './sse'

export interface StreamReports {
  /** A key changed. */
  changed(key: string): void
  /** The stream stands for these keys; what changed before was not heard. */
  opened(keys: readonly string[]): void
  /** Something was heard, or the connection came or went. */
  contact(connected: boolean): void
  /** The server closed the stream for good, or refuses it: the session, a duty or an account changed. */
  ended(): void
}

export class LiveStream {
  private keys: readonly string[] = []
  private running: AbortController | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private refused = false

  constructor(private readonly reports: StreamReports) {}

  /** Follows exactly these keys from now on; none closes the stream. */
  follow(keys: readonly string[]): void {
    if (keys.join() === this.keys.join() && (this.running || this.timer !== undefined || !keys.length)) return
    this.keys = keys
    this.failures = 0
    this.refused = false
    this.restart()
  }

  /** Tries at once instead of waiting (network back, tab looked at again). */
  hurry(): void {
    if (this.keys.length && !this.running) this.restart()
  }

  private restart(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.running?.abort()
    this.running = null
    if (this.keys.length && session.current() === 'open') void this.run(this.keys)
  }

  private async run(keys: readonly string[]): Promise<void> {
    const own = new AbortController()
    this.running = own
    try {
      await this.listen(keys, own)
    } catch {
      if (!own.signal.aborted) own.abort()
    }
    if (this.running !== own) return // another list took over
    this.running = null
    this.reports.contact(false)
    if (session.current() !== 'open') return
    this.failures += 1
    this.timer = setTimeout(() => this.restart(), retryDelay(this.failures, Math.random()))
  }

  private async listen(keys: readonly string[], own: AbortController): Promise<void> {
    let silence = setTimeout(() => own.abort(), LOST_AFTER_MS)
    try {
      const answer = await fetch(`/api/live?views=${keys.map(encodeURIComponent).join(',')}`, {
        headers: { Accept: 'text/event-stream' },
        cache: 'no-store',
        signal: own.signal,
      })
      if (!answer.ok || !answer.body) {
        if (![401, 403, 404].includes(answer.status)) throw new NotConnected()
        session.heed(problemFrom(answer.status, await answer.json().catch(() => null)), answer.headers)
        // After the sign-in has ended the page stays; where it stands, less may be seen than before. A refusal that
        // repeats says nothing new: all that is shown would be asked for each time.
        if (session.current() === 'open' && !this.refused) this.reports.ended()
        this.refused = true
        return
      }
      this.failures = 0
      this.refused = false
      this.heard()
      this.reports.opened(keys)
      const parser = new SseParser()
      const text = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let piece = await text.read(); !piece.done; piece = await text.read()) {
        clearTimeout(silence)
        silence = setTimeout(() => own.abort(), LOST_AFTER_MS)
        this.heard()
        for (const event of parser.push(piece.value)) this.take(event.event, event.data)
      }
    } finally {
      clearTimeout(silence)
    }
  }

  private heard(): void {
    this.reports.contact(true)
  }

  private take(event: string, data: string): void {
    if (event === 'end') this.reports.ended()
    if (event === 'view') this.reports.changed((JSON.parse(data) as { key: string }).key)
  }
}

