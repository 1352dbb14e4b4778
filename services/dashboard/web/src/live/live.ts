/**
 * Live screens: one event stream per browser. Every tab tells which keys its open queries stand on; the tab that
 * holds the lock keeps the stream for all and passes on what it hears. A message names a key, never data: each tab
 * refetches what it shows through the authorised way.
 */
import type { Query, QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { isGone, Problem } from '~/api/problem'
import { session } from '~/api/session'
import { clock } from '~/dates/clock'
import { instant } from '~/dates/dates'
import { liveState, sameState, union, type LiveState } from './rules'
import { LiveStream } from './stream'

type Message =
  | { readonly type: 'views'; readonly tab: string; readonly keys: readonly string[] }
  | { readonly type: 'who' }
  | { readonly type: 'changed'; readonly keys: readonly string[] }
  | { readonly type: 'contact'; readonly connected: boolean; readonly at: number }
  | { readonly type: 'ended' }

const TAB_LOCK = 'tsumugi-tab-'
/** Reads that failed, and copies that were behind, are asked for again this often. */
const TRY_AGAIN_MS = 5000

class LiveHub {
  private readonly tab = crypto.randomUUID()
  private readonly channel = new BroadcastChannel('tsumugi-live')
  private readonly wanted = new Map<string, readonly string[]>()
  private readonly listeners = new Set<() => void>()
  private keys: readonly string[] = []
  private stream: LiveStream | null = null
  private connected = false
  private held = false
  private heardAt = clock.now()
  private shown: LiveState = { kind: 'connecting' }
  private pending: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly queries: QueryClient) {
    this.channel.addEventListener('message', (event: MessageEvent<Message>) => this.take(event.data))
    queries.getQueryCache().subscribe(() => this.lookSoon())
    document.addEventListener('visibilitychange', () => this.woken())
    addEventListener('online', () => this.stream?.hurry())
    addEventListener('pagehide', () => this.tell({ type: 'views', tab: this.tab, keys: [] }))
    session.subscribe(() => this.leadWith())
    setInterval(() => this.show(), 1000)
    setInterval(() => this.tryAgain(), TRY_AGAIN_MS)
    addEventListener('online', () => this.tryAgain())
    // A lock per tab lets the leader see which tabs still live; the leader's own lock passes on when its tab closes.
    void navigator.locks.request(TAB_LOCK + this.tab, () => {
      this.held = true
      this.look()
      return forever()
    })
    void navigator.locks.request('tsumugi-live', () => {
      this.lead()
      return forever()
    })
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly current = (): LiveState => this.shown

  private lead(): void {
    this.stream = new LiveStream({
      changed: (key) => this.tell({ type: 'changed', keys: [key] }),
      opened: (keys) => this.tell({ type: 'changed', keys }),
      contact: (connected) => this.tell({ type: 'contact', connected, at: clock.now() }),
      ended: () => this.tell({ type: 'ended' }),
    })
    this.tell({ type: 'who' })
  }

  /** Says it to all tabs, this one included. */
  private tell(message: Message): void {
    this.channel.postMessage(message)
    this.take(message)
  }

  private take(message: Message): void {
    switch (message.type) {
      case 'who':
        this.tell({ type: 'views', tab: this.tab, keys: this.keys })
        break
      case 'views':
        this.wanted.set(message.tab, message.keys)
        this.leadWith()
        break
      case 'changed':
        this.refetch(new Set(message.keys))
        break
      case 'contact':
        this.connected = message.connected
        if (message.connected) this.heardAt = Math.max(this.heardAt, message.at)
        this.show()
        break
      case 'ended':
        this.askAnew()
    }
  }

  private leadWith(): void {
    if (!this.stream) return
    void livingTabs().then((living) => {
      for (const tab of this.wanted.keys()) if (!living.has(tab)) this.wanted.delete(tab)
      this.stream?.follow(session.current() === 'open' ? union(this.wanted.values()) : [])
    })
  }

  private refetch(changed: ReadonlySet<string>): void {
    void this.queries.invalidateQueries({
      predicate: ({ state }) => liveKeys(state.data).some((key) => changed.has(key)),
    })
  }

  /** Who asks may see less than before, or nothing: no answer of before stands, whether it lives or not. */
  private askAnew(): void {
    this.queries.removeQueries({ type: 'inactive', predicate: ({ state }) => state.fetchStatus === 'idle' })
    void this.queries.invalidateQueries()
  }

  private lookSoon(): void {
    this.pending ??= setTimeout(() => {
      this.pending = undefined
      this.look()
    }, 50)
  }

  /** The keys of what this tab shows; a hidden tab shows nothing. */
  private look(): void {
    if (!this.held) return
    const open = document.hidden ? [] : this.queries.getQueryCache().findAll({ type: 'active' })
    const keys = union(open.filter(({ state }) => !isGone(state.error)).map(({ state }) => liveKeys(state.data)))
    if (keys.join() === this.keys.join()) return
    this.keys = keys
    this.tell({ type: 'views', tab: this.tab, keys })
    this.show()
  }

  private woken(): void {
    this.look()
    if (document.hidden) return
    this.stream?.hurry()
    void this.queries.invalidateQueries({ predicate: ({ state }) => liveKeys(state.data).length > 0 })
  }

  private tryAgain(): void {
    if (document.hidden || session.current() !== 'open') return
    void this.queries.refetchQueries({ type: 'active', predicate: needsRetry })
  }

  private show(): void {
    // Without keys nothing is followed, and nothing can be out of date by that.
    if (!this.keys.length) this.heardAt = clock.now()
    const shown = this.queries.getQueryCache().findAll({ type: 'active' }).map(({ state }) => state)
    // A page that follows nothing promises nothing: the stream may stand for another tab, or for the page before.
    const connected = this.connected && this.keys.length > 0
    const next = liveState(connected, this.heardAt, clock.now(), shown.flatMap(oldSince))
    if (sameState(next, this.shown)) return
    this.shown = next
    for (const listener of this.listeners) listener()
  }
}

function forever(): Promise<never> {
  return new Promise(() => undefined)
}

async function livingTabs(): Promise<Set<string>> {
  const { held = [] } = await navigator.locks.query()
  return new Set(held.flatMap(({ name }) => (name?.startsWith(TAB_LOCK) ? [name.slice(TAB_LOCK.length)] : [])))
}

/** Failed for a passing reason, or answered from copies that were behind. */
function needsRetry({ state }: Query): boolean {
  const refused = state.error instanceof Problem && state.error.status < 500
  return state.fetchStatus === 'idle' && (behindSince(state.data) !== null || (state.error !== null && !refused))
}

/** The time of shown data that could not be brought up to date. */
function oldSince({ data, error, dataUpdatedAt }: Query['state']): number[] {
  if (isGone(error) || !liveKeys(data).length) return []
  const behind = behindSince(data)
  return behind !== null ? [behind] : error ? [dataUpdatedAt] : []
}

function behindSince(data: unknown): number | null {
  const behind = (data as { behind?: unknown } | undefined)?.behind
  return typeof behind === 'string' ? instant(behind) : null
}

/** Keys of the live stream that some data stand on. */
export function liveKeys(data: unknown): readonly string[] {
  const keys = (data as { live?: unknown } | undefined)?.live
  return Array.isArray(keys) ? (keys as string[]) : []
}

let hub: LiveHub | null = null

/** Starts the live connection of this tab; once. */
export function startLive(queries: QueryClient): void {
  hub ??= new LiveHub(queries)
}

const NOT_STARTED: LiveState = { kind: 'connecting' }

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => hub?.subscribe(listener) ?? (() => undefined),
    () => hub?.current() ?? NOT_STARTED,
  )
}

