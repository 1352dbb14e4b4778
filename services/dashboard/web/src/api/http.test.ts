import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { afterMarks, command, forgetAnswers, read } from './http'
import { NotConnected, Problem } from './problem'
import { session } from './session'

let sent: Record<string, string>[]
let answer: () => Promise<Response>

beforeEach(() => {
  sent = []
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    sent.push(init.headers as Record<string, string>)
    return answer()
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  forgetAnswers()
})

const ok = (body: unknown, headers: Record<string, string> = {}) => () => Promise.resolve(Response.json(body, { headers }))

it('reads again with the ETag and keeps what it has on 304', async () => {
  answer = ok({ n: 1 }, { ETag: '"a"' })
  await read('/api/x')
  answer = () => Promise.resolve(new Response(null, { status: 304 }))
  expect(await read('/api/x')).toEqual({ n: 1 })
  expect(sent.map((headers) => headers['If-None-Match'])).toEqual([undefined, '"a"'])
})

it('asks for its own write until an answer has it', async () => {
  answer = ok({ after: 'registry:7' })
  await command('/api/c', {}, 'k', 'me')
  expect(sent[0]).toMatchObject({ 'Idempotency-Key': 'k', 'X-Tsumugi': 'me' })
  answer = ok({ reached: { registry: 6 } })
  await read('/api/x')
  answer = ok({ reached: { registry: 7 } })
  await read('/api/x')
  await read('/api/x')
  expect(sent.slice(1).map((headers) => headers['X-After'])).toEqual(['registry:7', 'registry:7', undefined])
  expect(afterMarks.header()).toBeNull()
})

it('is one trace with all its repetitions', async () => {
  answer = ok({})
  const id = '0192f3a4-5b6c-7d8e-9f01-23456789abcd'
  await command('/api/c', {}, id, 'me')
  await command('/api/c', {}, id, 'me')
  const trace = '00-0192f3a45b6c7d8e9f0123456789abcd-9f0123456789abcd-01'
  expect(sent.map((headers) => headers.traceparent)).toEqual([trace, trace])
})

it('tells a revoked session from one that ran out, and whose it was', async () => {
  const left = vi.fn()
  const stop = session.onLeft(left)
  const headers = { 'X-Tsumugi': 'me' }
  answer = () => Promise.resolve(Response.json({ type: 'https://x/session-revoked' }, { status: 401, headers }))
  await expect(read('/api/x')).rejects.toMatchObject({ signedOut: true, revoked: true })
  await expect(read('/api/x')).rejects.toMatchObject({ signedOut: true })
  expect(left.mock.calls).toEqual([['me', '/signed-out?why=revoked']])
  expect(session.current()).toBe('left')
  session.open('me')
  stop()
})

it('tells a refusal, a lost network and the end of the session apart', async () => {
  answer = () => Promise.reject(new TypeError('Failed to fetch'))
  await expect(read('/api/x')).rejects.toBeInstanceOf(NotConnected)
  answer = () => Promise.resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 }))
  await expect(read('/api/x')).rejects.toMatchObject({ status: 502 })
  expect(session.current()).toBe('open')
  answer = () => Promise.resolve(Response.json({ type: 'https://x/step-up' }, { status: 401 }))
  await expect(read('/api/x')).rejects.toMatchObject({ stepUp: true })
  expect(session.current()).toBe('open')
  answer = () => Promise.resolve(Response.json({ type: 'https://x/signed-out', errors: [{ cell: 3 }, { message: 'm' }] }, { status: 401 }))
  await expect(read('/api/x')).rejects.toSatisfy((error: Problem) => error.signedOut && error.body.errors.length === 1)
  expect(session.current()).toBe('ended')
})
