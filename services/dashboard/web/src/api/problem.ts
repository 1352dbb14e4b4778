import { t } from '@lingui/core/macro'

/** One cell or field that a service refused. */
export interface ProblemItem {
  readonly field?: string
  readonly cell?: string
  readonly message: string
  /** What could be written there, where the service knows it. */
  readonly instead?: string
}

/** RFC 9457 as our services write it: `title` and `detail` are Japanese sentences for the person at the screen. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors: readonly ProblemItem[]
}

/** A service answered with a refusal. */
export class Problem extends Error {
  /** `comeBack`: after so many seconds, where the service says so (RFC 9110 §10.2.3). */
  constructor(
    readonly body: ProblemBody,
    readonly comeBack: number | null = null,
  ) {
    super(body.title)
    this.name = 'Problem'
  }

  get status(): number {
    return this.body.status
  }

  /** The session is over (as opposed to one that needs a second proof of identity). */
  get signedOut(): boolean {
    return this.status === 401 && (this.body.type.endsWith('/signed-out') || this.revoked)
  }

  /** The session was ended by an order: nothing of its person may stay on the device. */
  get revoked(): boolean {
    return this.status === 401 && this.body.type.endsWith('/session-revoked')
  }

  /** A session stands, but of another person than the one whose act was sent. Nothing was done. */
  get another(): boolean {
    return this.status === 401 && this.body.type.endsWith('/another-person')
  }

  /** Signed in, but not strongly or recently enough for this. */
  get stepUp(): boolean {
    return this.status === 401 && this.body.type.endsWith('/step-up')
  }
}

/** Not to be seen, or not any more: what was read of it before is shown no longer. */
export function isGone(error: unknown): boolean {
  return error instanceof Problem && (error.status === 403 || error.status === 404)
}

/** Nobody answered: no network, or the server is away. */
export class NotConnected extends Error {
  constructor() {
    super('not connected')
    this.name = 'NotConnected'
  }
}

/** A problem from any answer, also from one that a proxy wrote in HTML. */
export function problemFrom(status: number, body: unknown, comeBack: string | null = null): Problem {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const errors = Array.isArray(given['errors']) ? given['errors'].flatMap(item) : []
  const problem = { type: text(given['type']) || 'about:blank', title: text(given['title']), status, detail: text(given['detail']), errors }
  return new Problem(problem, Number(comeBack) || null)
}

function item(raw: unknown): ProblemItem[] {
  if (typeof raw !== 'object' || raw === null) return []
  const { field, cell, message, instead } = raw as Record<string, unknown>
  if (typeof message !== 'string') return []
  return [{ message, ...(typeof field === 'string' ? { field } : {}), ...(typeof cell === 'string' ? { cell } : {}), ...(typeof instead === 'string' ? { instead } : {}) }]
}

/** 「事務室」: where a fact about the day came from. */
export function sourceWord(source: string): string {
  const words: Readonly<Record<string, string>> = {
    teacher: t`学級`,
    office: t`事務室`,
    nurse: t`保健室`,
    notice: t`保護者の連絡`,
  }
  return words[source] ?? source
}
