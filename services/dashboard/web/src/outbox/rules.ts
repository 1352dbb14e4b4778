/** What becomes of a command in the outbox. Pure; the store and the sender are in outbox.ts. */
import type { ProblemBody } from '~/api/problem'

/** A command kept on the device until a service has answered it. */
export interface Entry {
  /** UUIDv7; sent as the Idempotency-Key on every attempt. */
  readonly id: string
  /** Person whose act it is. Never sent under anybody else's session. */
  readonly owner: string
  /** Which rules apply to its answer, e.g. `roll`. */
  readonly kind: string
  readonly path: string
  readonly body: unknown
  /** In words, for lists: 「2年1組 11月20日の出欠」. */
  readonly label: string
  /** Address of the screen where it was made and can be mended. */
  readonly screen: string
  /** ISO instant of the act. */
  readonly made: string
  /** `unknown` only as screens see it: this version does not know the kind, and neither sends nor settles it. */
  readonly state: 'waiting' | 'parked' | 'answered' | 'unknown'
  /** Why a parked one was refused. */
  readonly problem?: ProblemBody
  /** How often the service failed over it. */
  readonly failures?: number
  /** Answer that still needs a decision (`answered`). */
  readonly answer?: unknown
}

/** What the rules of one kind of command say about its answer. */
export interface KindRules {
  /** True when a person must still decide something about the answer; the entry then stays as `answered`. */
  open(entry: Entry, answer: unknown): boolean
  /** A later command of the same path as it must be sent after that answer. */
  rebase(later: Entry, answer: unknown): Entry
}

export type Outcome =
  | { readonly kind: 'done'; readonly answer: unknown }
  /** `all`: nothing else could be sent now either. */
  | { readonly kind: 'wait'; readonly all: boolean }
  | { readonly kind: 'refused'; readonly problem: ProblemBody }
  /** The service failed over it: once may be chance, always is this command. */
  | { readonly kind: 'failed'; readonly problem: ProblemBody }

/** After so many failures a command is for a person to see. */
export const FAILURES = 5

/** What a refusal means: troubles that pass wait; every other is for a person to see. */
export function refusalOf(problem: ProblemBody): Outcome {
  const { status } = problem
  if (status === 429) return { kind: 'wait', all: true }
  if ([408, 425, 502, 503, 504].includes(status)) return { kind: 'wait', all: false }
  return { kind: status >= 500 ? 'failed' : 'refused', problem }
}

/** The queue for this version's eyes: another version of the page may have kept what this one does not know. */
export function shown(queue: readonly Entry[], kinds: ReadonlyMap<string, unknown>): readonly Entry[] {
  return queue.map((entry) => (kinds.has(entry.kind) ? entry : { ...entry, state: 'unknown' }))
}

/** The command to send next for this person: in the order they were made, but none to the paths that are held up. */
export function next(queue: readonly Entry[], owner: string, heldUp: ReadonlySet<string> = new Set()): Entry | undefined {
  return queue.find((entry) => entry.owner === owner && entry.state === 'waiting' && !heldUp.has(entry.path))
}

/** The queue after the outcome of sending `id`. */
export function settle(queue: readonly Entry[], id: string, outcome: Outcome, rules: KindRules): readonly Entry[] {
  if (outcome.kind === 'wait') return queue
  return queue.flatMap((entry) => {
    if (entry.id === id) return settled(entry, outcome, rules)
    const sent = queue.find((other) => other.id === id)
    const follows = sent && outcome.kind === 'done' && entry.kind === sent.kind && entry.path === sent.path && entry.state === 'waiting'
    return [follows ? rules.rebase(entry, outcome.answer) : entry]
  })
}

function settled(entry: Entry, outcome: Exclude<Outcome, { kind: 'wait' }>, rules: KindRules): Entry[] {
  if (outcome.kind === 'failed') {
    const failures = (entry.failures ?? 0) + 1
    if (failures < FAILURES) return [{ ...entry, failures }]
  }
  if (outcome.kind !== 'done') return [{ ...entry, state: 'parked', problem: outcome.problem }]
  return rules.open(entry, outcome.answer) ? [{ ...entry, state: 'answered', answer: outcome.answer }] : []
}

/** Numbers for the frame's badge: not sent yet, and waiting for a person. */
export function counts(queue: readonly Entry[], owner: string): { readonly unsent: number; readonly stuck: number } {
  const own = queue.filter((entry) => entry.owner === owner)
  const unsent = own.filter((entry) => entry.state === 'waiting').length
  return { unsent, stuck: own.length - unsent }
}
