import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { session } from '~/api/session'
import { Outbox, type Done, type Draft } from './outbox'
import { FAILURES, type Entry } from './rules'
import { openStore } from './store'

const DRAFT: Draft = { kind: 'roll', path: '/api/x', body: { marks: [1] }, label: '2-1', screen: '/x' }

let calls: { key: string; whose: string; body: unknown }[]
let answer: (path: string) => Promise<Response>

/** As Web Locks behave in one browser: one holder a name, the others in line. */
function locks(): Pick<LockManager, 'request'> {
  const line = new Map<string, Promise<unknown>>()
  const request = (name: string, work: () => Promise<unknown>): Promise<unknown> => {
    const run = (line.get(name) ?? Promise.resolve()).catch(() => undefined).then(work)
    line.set(name, run)
    return run
  }
  return { request } as Pick<LockManager, 'request'>
}

function box(shared = locks()): Outbox {
  return new Outbox(openStore(), shared)
}

/** The session as another tab of the same browser has it. */
async function otherTab(): Promise<typeof session> {
  vi.resetModules()
  return (await import('~/api/session')).session
}

beforeEach(() => {
  calls = []
  answer = () => Promise.reject(new TypeError('network'))
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>
    calls.push({ key: headers['Idempotency-Key'] ?? '', whose: headers['X-Tsumugi'] ?? '', body: JSON.parse(init.body as string) })
    return answer(path)
  })
  session.open('me')
})

afterEach(async () => {
  vi.unstubAllGlobals()
  await openStore().change(() => [])
})

function entryOf(id: string, path: string): Entry {
  return { ...DRAFT, id, path, owner: 'me', made: '', state: 'waiting' }
}

const ok = () => Promise.resolve(Response.json({ saved: [], refused: [], after: 'registry:5' }))

describe('the outbox', () => {
  it('has stored the command before add() answers, and keeps it while nobody is there', async () => {
    const one = box()
    await one.start('me')
    const entry = await one.add(DRAFT)
    expect(await openStore().read()).toEqual([entry])
    await vi.waitFor(() => expect(calls).toHaveLength(1))
    expect(one.current()).toEqual([entry])
  })

  it('sends again under the same key after a reload, and tells the screens the answer', async () => {
    const before = box()
    await before.start('me')
    const entry = await before.add(DRAFT)
    await vi.waitFor(() => expect(calls).toHaveLength(1))
    answer = ok
    const after = box()
    const heard: Done[] = []
    after.onDone((done) => heard.push(done))
    await after.start('me')
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    expect(calls.map(({ key }) => key)).toEqual([entry.id, entry.id])
    expect(await openStore().read()).toEqual([])
  })

  it('keeps every command of two tabs and sends each once, one tab at a time', async () => {
    const shared = locks()
    const [one, two] = [box(shared), box(shared)]
    await Promise.all([one.start('me'), two.start('me')])
    answer = ok
    await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? one : two).add({ ...DRAFT, body: { marks: [n] } })))
    await vi.waitFor(async () => expect(await openStore().read()).toEqual([]))
    expect(new Set(calls.map(({ key }) => key)).size).toBe(4)
    expect(calls).toHaveLength(4)
  })

  it('parks a refusal with its words and sends it again only when told', async () => {
    const one = box()
    await one.start('me')
    answer = () =>
      Promise.resolve(Response.json({ title: '直してください', errors: [{ cell: '12番', message: 'm' }] }, { status: 422 }))
    const { id } = await one.add(DRAFT)
    await vi.waitFor(() => expect(one.current()[0]?.state).toBe('parked'))
    expect(one.current()[0]?.problem?.errors).toEqual([{ cell: '12番', message: 'm' }])
    await one.flush()
    expect(calls).toHaveLength(1)
    answer = ok
    await one.retry(id)
    await vi.waitFor(() => expect(one.current()).toEqual([]))
    expect(calls.map(({ key }) => key)).toEqual([id, id])
  })

  it('holds nothing up behind a command that a service fails over, and parks that one after a while', async () => {
    await openStore().change(() => [entryOf('1', '/a'), entryOf('2', '/a'), entryOf('3', '/b'), entryOf('4', '/c')])
    answer = (path) =>
      path === '/b' ? ok() : path === '/a' ? Promise.resolve(Response.json({ title: '処理できませんでした' }, { status: 500 })) : Promise.reject(new TypeError('network'))
    const one = box()
    await one.start('me')
    await one.flush()
    expect(one.current().map(({ id, state }) => [id, state])).toEqual([['1', 'waiting'], ['2', 'waiting'], ['4', 'waiting']])
    expect(calls.map(({ key }) => key).filter((key) => key === '2')).toEqual([]) // never past the one before it
    for (let n = 0; n < FAILURES; n++) await one.flush()
    expect(one.current().find(({ id }) => id === '1')).toMatchObject({ state: 'parked', problem: { title: '処理できませんでした', status: 500 } })
    answer = ok
    await one.retry('1')
    await vi.waitFor(() => expect(one.current()).toEqual([]))
  })

  it('never gives a command up while its service is away', async () => {
    answer = () => Promise.resolve(Response.json({}, { status: 503 }))
    const one = box()
    await one.start('me')
    await one.add(DRAFT)
    for (let n = 0; n < 3 * FAILURES; n++) await one.flush()
    expect(one.current()).toMatchObject([{ state: 'waiting' }])
  })

  it('sends what was kept yesterday from whatever page comes first', async () => {
    await openStore().change(() => [entryOf('1', '/a'), entryOf('2', '/b')])
    answer = ok
    const one = box()
    await one.start('me')
    await one.flush()
    expect(calls.map(({ key }) => key)).toEqual(['1', '2'])
    expect(await openStore().read()).toEqual([])
  })

  it('keeps a kind that it does not know, sends what stands behind it, and says so', async () => {
    const strange = { ...entryOf('1', '/a'), kind: 'of tomorrow' }
    await openStore().change(() => [strange, entryOf('2', '/a')])
    answer = ok
    const one = box()
    await one.start('me')
    await one.flush()
    expect(calls.map(({ key }) => key)).toEqual(['2'])
    expect(await openStore().read()).toEqual([strange]) // as it was: the version that knows it sends it
    expect(one.current()).toEqual([{ ...strange, state: 'unknown' }])
    await one.amend('1', () => null)
    expect(await openStore().read()).toEqual([])
  })

  it('waits when the session is over, and goes on after the next sign-in', async () => {
    const one = box()
    await one.start('me')
    answer = () => Promise.resolve(Response.json({ type: 'https://x/signed-out' }, { status: 401 }))
    await one.add(DRAFT)
    await vi.waitFor(() => expect(session.current()).toBe('ended'))
    await one.flush()
    expect(calls).toHaveLength(1)
    expect(one.current()).toHaveLength(1)
    answer = ok
    session.open('me')
    await one.flush()
    await vi.waitFor(() => expect(one.current()).toEqual([]))
  })

  it('sends every command as its owner\'s, and keeps it when somebody else turns out to be signed in', async () => {
    const one = box()
    await one.start('me')
    answer = () => Promise.resolve(Response.json({ type: 'https://x/another-person' }, { status: 401 }))
    const entry = await one.add(DRAFT)
    await vi.waitFor(() => expect(session.current()).toBe('another'))
    await one.flush()
    expect(calls.map(({ whose }) => whose)).toEqual(['me'])
    expect(await openStore().read()).toEqual([entry])
  })

  it("sends nothing when another tab was opened by somebody else, and goes on when by the same person", async () => {
    const one = box()
    await one.start('me')
    answer = () => Promise.resolve(Response.json({ type: 'https://x/signed-out' }, { status: 401 }))
    await one.add(DRAFT)
    await vi.waitFor(() => expect(session.current()).toBe('ended'))
    answer = ok
    vi.stubGlobal('addEventListener', vi.fn())
    vi.stubGlobal('removeEventListener', vi.fn())
    const stop = one.watch()
    const taken = vi.fn()
    session.onTaken(taken)
    const tab = await otherTab()
    tab.open('you')
    await vi.waitFor(() => expect(taken).toHaveBeenCalledOnce())
    expect(session.current()).toBe('another')
    await one.flush()
    expect(calls).toHaveLength(1)
    tab.end() // the end of somebody else's session
    tab.open('me')
    await vi.waitFor(() => expect(one.current()).toEqual([]))
    expect(session.current()).toBe('open')
    expect(calls).toHaveLength(2)
    stop()
  })

  it("leaves another person's commands where they are", async () => {
    const one = box()
    await one.start('me')
    await one.add(DRAFT)
    await vi.waitFor(() => expect(calls).toHaveLength(1))
    answer = ok
    const other = box()
    await other.start('you')
    await other.flush()
    expect(calls).toHaveLength(1)
    await other.wipe('you')
    expect(await openStore().read()).toHaveLength(1)
  })
})
