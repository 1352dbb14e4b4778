/** The one fetch: every read and every command of the screens goes through here. */
import { clock } from '~/dates/clock'
import { instant } from '~/dates/dates'
import { AfterMarks } from './after'
import { Freshness } from './behind'
import { NotConnected, problemFrom, type Problem } from './problem'
import { session } from './session'

export const afterMarks = new AfterMarks()
const freshness = new Freshness()

/** An instant that the device's clock gave, by the server's: beside what others did, there is one clock (れんしゅう has another day). */
export function byServer(iso: string): string {
  const here = instant(iso)
  if (here === null) return ''
  const there = freshness.there(here)
  return new Date(there).toISOString()
}

interface Kept {
  readonly etag: string
  readonly body: unknown
}

/** Last answers by address, so that a refetch of unchanged data is a 304. Memory only; names never touch the disk here. */
const kept = new Map<string, Kept>()
const KEPT_AT_MOST = 40

export function forgetAnswers(): void {
  kept.clear()
}

/** Who one is: the one question that a page may ask after its sign-in has ended. */
const ME = '/api/me'
/** How the end of the sign-in was told. Until there is one again every answer is this, and nobody need be asked. */
let over: Problem | null = null
session.subscribe(() => {
  if (session.current() === 'open') over = null
})

/**
 * Reads JSON. Throws `Problem` for a refusal, `NotConnected` when nobody answers. A page that waits after its sign-in has
 * ended asks for nothing again and again: a staff room's forgotten tabs would fill the services' logs.
 */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  if (over && session.current() === 'ended' && path !== ME) throw over
  const headers: Record<string, string> = { Accept: 'application/json' }
  const after = afterMarks.header()
  if (after) headers['X-After'] = after
  const before = kept.get(path)
  // A 304 does not tell the age of the copies: what was behind is asked for whole.
  if (before && !(before.body as { behind?: string }).behind) headers['If-None-Match'] = before.etag
  const answer = await reach(path, { headers, ...(signal ? { signal } : {}) })
  if (answer.status === 304 && before) return before.body as T
  const body = (await content(answer)) as T & { reached?: Record<string, number>; as_of?: string; behind?: string }
  afterMarks.reached(body.reached)
  const asOf = body.as_of === undefined ? null : instant(body.as_of)
  if (asOf !== null && freshness.isBehind(asOf, clock.now())) body.behind = body.as_of!
  keep(path, answer.headers.get('ETag'), body)
  return body
}

function keep(path: string, etag: string | null, body: unknown): void {
  kept.delete(path)
  if (!etag) return
  kept.set(path, { etag, body })
  const oldest = kept.keys().next()
  if (kept.size > KEPT_AT_MOST && !oldest.done) kept.delete(oldest.value)
}

/**
 * Sends one command of `owner`, which is refused under anybody else's session. The same `id` may be sent again: the
 * service treats it as the same command.
 */
export async function command<T>(path: string, body: unknown, id: string, owner: string): Promise<T> {
  const answer = await reach(path, {
    method: 'POST',
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      'Idempotency-Key': id,
      traceparent: traceOf(id),
      'X-Tsumugi': owner,
    },
    body: JSON.stringify(body),
  })
  const given = (await content(answer)) as T & { after?: string | null }
  afterMarks.note(given.after)
  return given
}

/** W3C Trace Context: a command and its repetitions are one trace, whose id is the command's own, in hex. */
function traceOf(id: string): string {
  const hex = id.replaceAll('-', '')
  return `00-${hex}-${hex.slice(16)}-01`
}

/** Ends the session of `owner` on the server, and nobody else's; answers the address to go to. */
export async function signOut(owner: string): Promise<string> {
  const headers = { Accept: 'application/json', 'X-Tsumugi': owner }
  const answer = await reach('/auth/logout', { method: 'POST', headers })
  const { redirect } = (await content(answer)) as { redirect?: string }
  return redirect ?? '/signed-out'
}

/** Nobody waits longer than this for a first word; Wi-Fi that swallows packets counts as no network. */
const PATIENCE_MS = 20_000

async function reach(path: string, init: RequestInit): Promise<Response> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const signal = init.signal ? AbortSignal.any([init.signal, patience]) : patience
  try {
    return await fetch(path, { ...init, signal, credentials: 'same-origin', cache: 'no-store' })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new NotConnected()
  }
}

async function content(answer: Response): Promise<unknown> {
  let body: unknown
  try {
    body = await answer.json()
  } catch {
    if (answer.ok) throw new NotConnected() // cut off half-way
  }
  if (answer.ok) return body
  const problem = problemFrom(answer.status, body, answer.headers.get('Retry-After'))
  if (problem.signedOut) over = problem
  session.heed(problem, answer.headers)
  throw problem
}
