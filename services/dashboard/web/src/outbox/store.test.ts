import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Entry } from './rules'
import { openStore, type QueueStore } from './store'

function entry(id: string): Entry {
  return { id, owner: 'me', kind: 'roll', path: '/a', body: {}, label: id, screen: '/', made: '', state: 'waiting' }
}

/** The next `times` accesses to the device fail. */
function breaks(method: 'get' | 'put', times: number): void {
  const spy = vi.spyOn(IDBObjectStore.prototype, method)
  for (let n = 0; n < times; n++)
    spy.mockImplementationOnce(() => {
      throw new DOMException('broken', 'InvalidStateError')
    })
}

async function add(store: QueueStore, id: string): Promise<void> {
  await store.change((queue) => [...queue, entry(id)])
}

const remove = (store: QueueStore, id: string) => store.change((queue) => queue.filter((one) => one.id !== id))

const ids = async (store: QueueStore) => (await store.read()).map(({ id }) => id)

afterEach(async () => {
  vi.restoreAllMocks()
  await openStore().change(() => [])
})

describe('a device that fails', () => {
  it('once, is asked over a new connection and nobody notices', async () => {
    const store = openStore()
    await add(store, '1')
    breaks('get', 1)
    expect(await ids(store)).toEqual(['1'])
    breaks('put', 1)
    await add(store, '2')
    expect(store.durable).toBe(true)
    expect(await ids(openStore())).toEqual(['1', '2'])
  })

  it('for a while, hides nothing that it holds', async () => {
    const store = openStore()
    await add(store, '1')
    breaks('get', 2)
    expect(await ids(store)).toEqual(['1'])
    expect(store.durable).toBe(false)
    expect(await ids(store)).toEqual(['1'])
    expect(store.durable).toBe(true)
  })

  it('at the first look, gives what it holds as soon as it answers, and takes what came meanwhile', async () => {
    await add(openStore(), '1')
    const store = openStore()
    breaks('get', 4)
    expect(await ids(store)).toEqual([])
    await add(store, '2')
    expect(store.durable).toBe(false)
    expect(await ids(store)).toEqual(['1', '2'])
    await store.change((queue) => queue)
    expect(store.durable).toBe(true)
    expect(await ids(openStore())).toEqual(['1', '2'])
  })

  it('writes over nothing that another tab keeps', async () => {
    const [store, other] = [openStore(), openStore()]
    await add(store, '1')
    breaks('get', 2)
    await add(store, '2')
    await add(other, '3')
    await store.change((queue) => queue)
    expect(await ids(other)).toEqual(['1', '3', '2'])
  })

  it('brings nothing back that was taken out meanwhile', async () => {
    const store = openStore()
    await add(store, '1')
    await add(store, '2')
    breaks('put', 2)
    await remove(store, '1')
    expect(await ids(store)).toEqual(['2'])
    await store.change((queue) => queue)
    expect(await ids(openStore())).toEqual(['2'])
  })

  it('for ever, keeps everything while the tab is open', async () => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('none here', 'SecurityError')
    })
    const store = openStore()
    await add(store, '1')
    await add(store, '2')
    await remove(store, '1')
    expect(await ids(store)).toEqual(['2'])
    expect(store.durable).toBe(false)
  })
})
