import { IDBDatabase, IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const NOW = Date.UTC(2026, 10, 20)
const DAY_MS = 24 * 3_600_000
const KEY = 'me /classes/1'
const CELL = 'p1|attendance'

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
    keepDraft(KEY, CELL, ['a'])
    expect((await page()).readDraft(KEY, CELL)).toEqual(['a'])
  })

  it('of two pages on the same roll are all kept, the newest of each cell', async () => {
    const [one, two] = [await page(), await page()]
    one.keepDraft(KEY, CELL, ['a'])
    two.keepDraft(KEY, 'p2|attendance', ['b'])
    one.keepDraft(KEY, 'p3|attendance', ['c'])
    two.keepDraft(KEY, 'p3|attendance', ['d'])
    const all = new Map([[CELL, ['a']], ['p2|attendance', ['b']], ['p3|attendance', ['d']]])
    expect((await page()).readDrafts(KEY)).toEqual(all)
    await vi.waitFor(async () => expect(Object.keys(await later())).toHaveLength(3))
    vi.stubGlobal('localStorage', new Memory()) // a killed browser
    expect((await page()).readDrafts(KEY)).toEqual(all)
    expect((await page()).readDrafts('me /classes/11')).toEqual(new Map())
  })

  it('are told cell by cell when another tab changes them', async () => {
    const tabs = new EventTarget()
    vi.stubGlobal('addEventListener', tabs.addEventListener.bind(tabs))
    vi.stubGlobal('removeEventListener', tabs.removeEventListener.bind(tabs))
    const { watchDrafts, keepDraft } = await page()
    const heard = vi.fn()
    const stop = watchDrafts(KEY, heard)
    keepDraft(KEY, CELL, ['a'])
    for (const key of [...noted(), 'tsumugi-draft me /classes/11 p9|attendance', null]) tabs.dispatchEvent(Object.assign(new Event('storage'), { key }))
    stop()
    tabs.dispatchEvent(Object.assign(new Event('storage'), { key: noted()[0] }))
    expect(heard.mock.calls).toEqual([[CELL]])
  })

  it('come from IndexedDB when the browser was killed before the other store reached the disk', async () => {
    const before = await page()
    before.keepDraft(KEY, CELL, ['a'])
    const disk = Object.fromEntries(Object.entries(localStorage))
    before.keepDraft(KEY, CELL, ['a', 'b'])
    before.keepDraft('me /classes/2', CELL, ['c'])
    before.keepDraft('me /classes/2', CELL, null)
    await vi.waitFor(async () => expect((await later())[`me /classes/2 ${CELL}`]?.value).toBe(null))
    vi.stubGlobal('localStorage', Object.assign(new Memory(), disk))
    const next = await page()
    expect(next.readDraft(KEY, CELL)).toEqual(['a', 'b'])
    expect(next.readDraft('me /classes/2', CELL)).toBe(null)
  })

  it('that were taken away do not come back from the store that was not told in time', async () => {
    const before = await page()
    before.keepDraft(KEY, CELL, ['a'])
    await vi.waitFor(async () => expect((await later())[`${KEY} ${CELL}`]?.value).toEqual(['a']))
    const refused = refuseTransactions()
    setClock(NOW - 1000) // a clock set back changes nothing
    before.keepDraft(KEY, CELL, null)
    refused.mockRestore()
    expect((await page()).readDraft(KEY, CELL)).toBe(null)
  })

  it('last a day, in both stores', async () => {
    const { keepDraft, readDraft } = await page()
    keepDraft(KEY, CELL, ['a'])
    await vi.waitFor(async () => expect(Object.keys(await later())).toEqual([`${KEY} ${CELL}`]))
    setClock(NOW + DAY_MS - 1)
    expect(readDraft(KEY, CELL)).toEqual(['a'])
    await page()
    expect(noted()).toHaveLength(1)
    setClock(NOW + DAY_MS)
    expect(readDraft(KEY, CELL)).toBe(null)
    await page()
    expect([noted(), Object.keys(await later())]).toEqual([[], []])
  })

  it('go with their owner, who leaves those of others; afterwards this page keeps nothing', async () => {
    const { keepDraft, wipeDrafts, readDraft } = await page()
    keepDraft(KEY, CELL, ['a'])
    keepDraft('meg /classes/1', CELL, ['b'])
    await wipeDrafts('me')
    keepDraft(KEY, CELL, ['late'])
    expect(readDraft(KEY, CELL)).toBe(null)
    expect(readDraft('meg /classes/1', CELL)).toEqual(['b'])
    expect(Object.keys(await later())).toEqual([`meg /classes/1 ${CELL}`])
  })

  it('do not hold up a page whose device has no store', async () => {
    const { keepDraft, readDraft } = await page()
    vi.stubGlobal('localStorage', undefined)
    vi.stubGlobal('indexedDB', { open: () => { throw new Error('forbidden') } })
    keepDraft(KEY, CELL, ['a'])
    expect(readDraft(KEY, CELL)).toBe(null)
    expect((await page()).readDraft(KEY, CELL)).toBe(null)
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
