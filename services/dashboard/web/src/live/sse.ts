/** Server-sent events as text arrives, cut anywhere. Comments and unknown fields are passed over. */
export interface SseEvent {
  readonly event: string
  readonly data: string
}

export class SseParser {
  private rest = ''
  private event = ''
  private data: string[] = []

  /** The events completed by this piece of text. */
  push(text: string): SseEvent[] {
    const done: SseEvent[] = []
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) this.line(line, done)
    return done
  }

  private line(line: string, done: SseEvent[]): void {
    if (line === '') {
      if (this.data.length) done.push({ event: this.event || 'message', data: this.data.join('\n') })
      this.event = ''
      this.data = []
      return
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.event = value
    else if (field === 'data') this.data.push(value)
  }
}
