import { IDBDatabase, IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const NOW = Date.UTC(2026, 10, 20)
const DAY_MS = 24 * 3_600_000
const KEY = 'me /classes/1'

/** As a browser's: one text a name, the names enumerable. */
class Memory {
  readonly [name: string]: unknown
  getItem(name: string): string | null {
    return (this[name] as string | undefined) ?? null
  }
  setItem(name: string, text: string): void {
    Object.assign(this, { [name]: text })
  }
  removeItem(name: string): void {
    Reflect.deleteProperty(this, name)
  }
}

/** The module as a page finds it that has just come. */
async function page() {
  vi.resetModules()
  const drafts = await import('./drafts')
  await drafts.draftsReady()
  return drafts
}

/** What IndexedDB holds, once everything asked of it before is done. */
async function later(): Promise<Record<string, { value: unknown }>> {
  const { createStore, entries } = await import('idb-keyval')
  return Object.fromEntries(await entries<string, { value: unknown }>(createStore('tsumugi-drafts', 'drafts')))
}

function refuseTransactions() {
  return vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
    throw new Error('gone')
  })
}

const noted = () => Object.keys(localStorage)

beforeEach(() => {
  vi.stubGlobal('localStorage', new Memory())
  vi.stubGlobal('indexedDB', new IDBFactory())
  setClock(NOW)
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

function setClock(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: ms })
}

describe('drafts', () => {
  it('are there for the next page as soon as they were kept', async () => {
    const { keepDraft } = await page()
    refuseTransactions() // the page is gone before IndexedDB has anything
    keepDraft(KEY, ['a'])
    expect((await page()).readDraft(KEY)).toEqual(['a'])
  })

  it('come from IndexedDB when the browser was killed before the other store reached the disk', async () => {
    const before = await page()
    before.keepDraft(KEY, ['a'])
    const disk = Object.fromEntries(Object.entries(localStorage))
    before.keepDraft(KEY, ['a', 'b'])
    before.keepDraft('me /classes/2', ['c'])
    before.keepDraft('me /classes/2', null)
    await vi.waitFor(async () => expect((await later())['me /classes/2']?.value).toBe(null))
    vi.stubGlobal('localStorage', Object.assign(new Memory(), disk))
    const next = await page()
    expect(next.readDraft(KEY)).toEqual(['a', 'b'])
    expect(next.readDraft('me /classes/2')).toBe(null)
  })

  it('that were taken away do not come back from the store that was not told in time', async () => {
    const before = await page()
    before.keepDraft(KEY, ['a'])
    await vi.waitFor(async () => expect((await later())[KEY]?.value).toEqual(['a']))
    const refused = refuseTransactions()
    setClock(NOW - 1000) // a clock set back changes nothing
    before.keepDraft(KEY, null)
    refused.mockRestore()
    expect((await page()).readDraft(KEY)).toBe(null)
  })

  it('last a day, in both stores', async () => {
    const { keepDraft, readDraft } = await page()
    keepDraft(KEY, ['a'])
    await vi.waitFor(async () => expect(Object.keys(await later())).toEqual([KEY]))
    setClock(NOW + DAY_MS - 1)
    expect(readDraft(KEY)).toEqual(['a'])
    await page()
    expect(noted()).toHaveLength(1)
    setClock(NOW + DAY_MS)
    expect(readDraft(KEY)).toBe(null)
    await page()
    expect([noted(), Object.keys(await later())]).toEqual([[], []])
  })

  it('go with their owner, who leaves those of others; afterwards this page keeps nothing', async () => {
    const { keepDraft, wipeDrafts, readDraft } = await page()
    keepDraft(KEY, ['a'])
    keepDraft('meg /classes/1', ['b'])
    await wipeDrafts('me')
    keepDraft(KEY, ['late'])
    expect(readDraft(KEY)).toBe(null)
    expect(readDraft('meg /classes/1')).toEqual(['b'])
    expect(Object.keys(await later())).toEqual(['meg /classes/1'])
  })

  it('do not hold up a page whose device has no store', async () => {
    const { keepDraft, readDraft } = await page()
    vi.stubGlobal('localStorage', undefined)
    vi.stubGlobal('indexedDB', { open: () => { throw new Error('forbidden') } })
    keepDraft(KEY, ['a'])
    expect(readDraft(KEY)).toBe(null)
    expect((await page()).readDraft(KEY)).toBe(null)
  })

  it('wait for a silent IndexedDB no longer than three seconds', async () => {
    vi.useFakeTimers()
    vi.resetModules()
    vi.stubGlobal('indexedDB', { open: () => ({}) })
    const { draftsReady } = await import('./drafts')
    const ready = draftsReady()
    await vi.advanceTimersByTimeAsync(3000)
    await ready
  })
})
