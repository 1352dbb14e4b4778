/** A plan on its way: what was changed since it was last saved, also while a save is under way or somebody else's came first. Pure. */
import type { Candidate, Plan, PlannedClass, Seat } from './data'

/** A plan as it was saved. */
export interface Base {
  readonly revision: number
  readonly plan: Plan
}

export interface Draft {
  /** What it was made from; a save says so, and is refused when another one came first. */
  readonly base: Base
  readonly plan: Plan
  /** The way back, step by step, to `base`; never empty. */
  readonly past: readonly Plan[]
}

export function changed(draft: Draft | null, base: Base, next: Plan): Draft {
  const before = draft ?? { base, plan: base.plan, past: [] }
  return { base: before.base, plan: next, past: [...before.past, before.plan] }
}

/** One step back; null: nothing is left to save. */
export function undone(draft: Draft): Draft | null {
  const past = draft.past.slice(0, -1)
  return past.length > 0 ? { ...draft, plan: draft.past.at(-1)!, past } : null
}

/** After `sent` was saved: what was changed while it was under way is still to be saved, and can be taken back. */
export function settled(draft: Draft | null, sent: Plan, saved: Base): Draft | null {
  if (draft === null || draft.plan === sent) return null
  const at = draft.past.lastIndexOf(sent)
  return { base: saved, plan: draft.plan, past: [saved.plan, ...(at < 0 ? [] : draft.past.slice(at + 1))] }
}

/** The same changes upon what somebody else has saved meanwhile; to be taken back in one step. */
export function rebased({ base, plan }: Draft, onto: Base): Draft {
  return { base: onto, plan: merged(base.plan, plan, onto.plan), past: [onto.plan] }
}

/** `theirs` with what `mine` makes of `base`. A number that both have given stays with theirs. */
export function merged(base: Plan, mine: Plan, theirs: Plan): Plan {
  const { classes, called } = mergedClasses(base, mine, theirs)
  const rooms = new Set(classes.map(({ id }) => id))
  const [seats, taken] = [new Map<string, Seat>(), new Set<string>()]
  const everybody = new Set([...Object.keys(theirs.seats), ...Object.keys(mine.seats)])
  const ours = [...everybody].filter((pupil) => !alike(mine.seats[pupil], base.seats[pupil]))
  const place = (pupil: string, seat: Seat | undefined) => {
    if (!seat || !rooms.has(seat.class_id)) return
    const at = `${seat.class_id} ${seat.number}`
    seats.set(pupil, seat.number !== null && taken.has(at) ? { ...seat, number: null } : seat)
    taken.add(at)
  }
  for (const pupil of everybody) if (!ours.includes(pupil)) place(pupil, theirs.seats[pupil])
  for (const pupil of ours) {
    const seat = mine.seats[pupil]
    place(pupil, seat && { ...seat, class_id: called.get(seat.class_id) ?? seat.class_id })
  }
  const list = <T>(of: (plan: Plan) => readonly T[]) => mergedList(of(base), of(mine), of(theirs))
  return { classes, seats: Object.fromEntries(seats), apart: list(({ apart }) => apart), together: list(({ together }) => together), stay: list(({ stay }) => stay) }
}

/** Classes; and of those that both have added under one name, mine → theirs. */
function mergedClasses(base: Plan, mine: Plan, theirs: Plan): { readonly classes: readonly PlannedClass[]; readonly called: ReadonlyMap<string, string> } {
  const of = (plan: Plan, id: string) => plan.classes.find((room) => room.id === id)
  const called = new Map<string, string>()
  const kept = theirs.classes.flatMap((room) => {
    const [before, now] = [of(base, room.id), of(mine, room.id)]
    if (before === undefined) return room
    return now === undefined ? [] : alike(now, before) ? room : now
  })
  const added = mine.classes.filter(({ id }) => of(base, id) === undefined && of(theirs, id) === undefined)
  const fresh = added.filter(({ id, name }) => {
    const same = kept.find((room) => room.name === name)
    if (same) called.set(id, same.id)
    return same === undefined
  })
  return { classes: [...kept, ...fresh], called }
}

function mergedList<T>(base: readonly T[], mine: readonly T[], theirs: readonly T[]): readonly T[] {
  const has = (list: readonly T[], one: T) => list.some((other) => alike(other, one))
  const kept = theirs.filter((one) => has(mine, one) || !has(base, one))
  return [...kept, ...mine.filter((one) => !has(base, one) && !has(kept, one))]
}

/** Without whom the school has no more: who has moved away while the plan was being made. */
export function present(plan: Plan, pupils: readonly Candidate[]): Plan {
  const here = new Set(pupils.map(({ pupil }) => pupil.id))
  const all = (wishes: Plan['apart']) => wishes.filter((wish) => wish.every((pupil) => here.has(pupil)))
  return { ...plan, seats: Object.fromEntries(Object.entries(plan.seats).filter(([pupil]) => here.has(pupil))), apart: all(plan.apart), together: all(plan.together) }
}

const alike = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
