/**
 * The outbox: what a person entered is in the device's store before the screen says anything, and stays there until
 * a service has answered. The store is the truth and memory a view of it: every change is read-modify-write under one
 * lock, other tabs are told, and one tab at a time sends, with the same key on every attempt: in order for each
 * address, so that what one cannot take holds up no other.
 */
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { session } from '~/api/session'
import { uuid7 } from '~/api/uuid7'
import { nowIso } from '~/dates/clock'
import { KINDS, type Kind } from './kinds'
import { next, refusalOf, settle, shown, type Entry, type KindRules, type Outcome } from './rules'
import { openStore, type QueueStore } from './store'

const TRY_AGAIN_MS = 5000

export type Draft = Pick<Entry, 'path' | 'body' | 'label' | 'screen'> & { readonly kind: Kind }

/** Told to every tab when a service has answered a command. */
export interface Done {
  readonly entry: Entry
  readonly answer: unknown
}

type News = { readonly type: 'changed' } | ({ readonly type: 'done' } & Done)

export class Outbox {
  private view: readonly Entry[] = []
  private owner: string | null = null
  private asked: Promise<void> | null = null
  private readonly listeners = new Set<() => void>()
  private readonly doneListeners = new Set<(done: Done) => void>()
  private readonly channel = new BroadcastChannel('tsumugi-outbox')

  constructor(
    private readonly store: QueueStore = openStore(),
    private readonly locks: Pick<LockManager, 'request'> = navigator.locks,
    private readonly kinds: ReadonlyMap<string, KindRules> = new Map(Object.entries(KINDS)),
  ) {
    this.channel.addEventListener('message', (event: MessageEvent<News>) => this.hear(event.data))
  }

  /** Begins to send for this person; again for another one after a new sign-in. */
  async start(owner: string): Promise<void> {
    this.owner = owner
    await this.look()
    void this.flush()
  }

  /** Watches for the network and tries again every five seconds. Answers the function that stops it. */
  watch(): () => void {
    const flush = () => void this.flush()
    addEventListener('online', flush)
    const timer = setInterval(flush, TRY_AGAIN_MS)
    const closed = session.subscribe(flush)
    return () => {
      removeEventListener('online', flush)
      clearInterval(timer)
      closed()
    }
  }

  /** Keeps a command; resolved when it is stored. Sending begins by itself. */
  async add(draft: Draft): Promise<Entry> {
    if (this.owner === null) throw new Error('the outbox has no owner yet')
    const entry: Entry = { ...draft, id: uuid7(), owner: this.owner, made: nowIso(), state: 'waiting' }
    await this.change((queue) => [...queue, entry])
    void this.flush()
    return entry
  }

  /** Sends a parked one once more, as it was. */
  async retry(id: string): Promise<void> {
    await this.amend(id, ({ problem: _, failures: __, ...entry }) => ({ ...entry, state: 'waiting' }))
    void this.flush()
  }

  /** What a person decided about a parked or answered one; null removes it. */
  async amend(id: string, decide: (entry: Entry) => Entry | null): Promise<void> {
    await this.change((queue) => queue.flatMap((entry) => (entry.id === id ? (decide(entry) ?? []) : [entry])))
  }

  /** Forgets everything of this person (sign-out); this page keeps nothing of theirs any more. */
  async wipe(person: string): Promise<void> {
    if (this.owner === person) this.owner = null
    await this.change((queue) => queue.filter(({ owner }) => owner !== person))
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The queue as last read from the store; what this version cannot send is `unknown`. */
  readonly current = (): readonly Entry[] => this.view

  /** False where the browser has no store: entries then live only as long as this tab. */
  get durable(): boolean {
    return this.store.durable
  }

  onDone(listener: (done: Done) => void): () => void {
    this.doneListeners.add(listener)
    return () => this.doneListeners.delete(listener)
  }

  /** Sends what waits, after any other tab that is sending; one request of a tab stands in the line. */
  flush(): Promise<void> {
    this.asked ??= this.locks.request('tsumugi-outbox-send', async () => {
      this.asked = null
      if (!this.store.durable) await this.change((queue) => queue) // the device may take it by now
      const heldUp = new Set<string>()
      while (await this.sendOne(heldUp)) continue
    })
    return this.asked
  }

  /** True when there may be more to send. Adds the address to `heldUp` when what is sent to it must wait. */
  private async sendOne(heldUp: Set<string>): Promise<boolean> {
    if (this.owner === null || session.current() !== 'open') return false
    const entry = next(shown(await this.store.read(), this.kinds), this.owner, heldUp)
    const rules = entry && this.kinds.get(entry.kind)
    if (!entry || !rules) return false
    const outcome = await send(entry)
    if (outcome.kind === 'wait' || outcome.kind === 'failed') heldUp.add(entry.path)
    if (outcome.kind === 'wait') return !outcome.all
    // Screens take the answer in first, so that nothing flickers; sent again after a crash here, it is the same command.
    if (outcome.kind === 'done') this.done({ entry, answer: outcome.answer })
    await this.change((queue) => settle(queue, entry.id, outcome, rules))
    return true
  }

  private async change(change: (queue: readonly Entry[]) => readonly Entry[]): Promise<void> {
    await this.locks.request('tsumugi-outbox', async () => {
      this.see(await this.store.change(change))
    })
    this.channel.postMessage({ type: 'changed' } satisfies News)
  }

  private done(done: Done): void {
    this.channel.postMessage({ type: 'done', ...done } satisfies News)
    for (const listener of this.doneListeners) listener(done)
  }

  /** What another tab tells. */
  private hear(news: News): void {
    if (news.type === 'changed') void this.look()
    else for (const listener of this.doneListeners) listener(news)
  }

  private async look(): Promise<void> {
    this.see(await this.store.read())
  }

  private see(queue: readonly Entry[]): void {
    this.view = shown(queue, this.kinds)
    for (const listener of this.listeners) listener()
  }
}

async function send(entry: Entry): Promise<Outcome> {
  try {
    return { kind: 'done', answer: await command(entry.path, entry.body, entry.id, entry.owner) }
  } catch (error) {
    if (error instanceof NotConnected) return { kind: 'wait', all: false } // perhaps only this service is silent
    if (!(error instanceof Problem)) throw error
    return error.signedOut || error.another ? { kind: 'wait', all: true } : refusalOf(error.body)
  }
}
