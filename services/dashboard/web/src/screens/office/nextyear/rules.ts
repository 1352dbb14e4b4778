import type { Candidate, Plan, PlannedClass } from './data'

/** 義務標準法 3: the most of a class. */
export function limitOf(room: PlannedClass): number {
  if (room.special_needs) return 8
  return room.grade?.startsWith('J') ? 40 : room.grade?.startsWith('E') ? 30 : 35
}

/** Classes a pupil of the grade may sit in: those of the grade, then those without one. */
export function roomsOf(plan: Plan, grade: string): readonly PlannedClass[] {
  return [...plan.classes.filter((room) => room.grade === grade), ...plan.classes.filter((room) => room.grade === null)]
}

/** Seats pupils in a class (null: in none yet); their numbers are given anew later. */
export function seated(plan: Plan, pupils: readonly string[], room: string | null): Plan {
  const kept = Object.entries(plan.seats).filter(([pupil]) => !pupils.includes(pupil))
  const moved = room === null ? [] : pupils.map((pupil) => [pupil, { class_id: room, number: null }] as const)
  return { ...plan, seats: Object.fromEntries([...kept, ...moved]) }
}

/**
 * 出席番号 from 1 in the order of kana for these classes. `candidates` are everybody of the plan, grade by grade and
 * each grade in that order: a class without a grade (特別支援学級, 複式学級) has children of several.
 */
export function numbered(plan: Plan, candidates: readonly Candidate[], rooms: readonly PlannedClass[]): Plan {
  const seats = { ...plan.seats }
  for (const { id, grade } of rooms) {
    const members = candidates.filter(({ pupil }) => plan.seats[pupil.id]?.class_id === id)
    const inOrder = grade === null ? members.toSorted(byKana) : members
    inOrder.forEach(({ pupil }, i) => {
      seats[pupil.id] = { class_id: id, number: i + 1 }
    })
  }
  return { ...plan, seats }
}

/** Family name before given name; who has no reading comes last. */
function byKana({ pupil: a }: Candidate, { pupil: b }: Candidate): number {
  return inKana(a.family_kana, b.family_kana) || inKana(a.given_kana, b.given_kana)
}

function inKana(a: string, b: string): number {
  return Number(a === '') - Number(b === '') || a.localeCompare(b, 'ja')
}

export interface Broken {
  readonly kind: 'apart' | 'together'
  readonly pupils: readonly string[]
}

/** Wishes that the seats do not keep. Who has no seat breaks none. */
export function broken(plan: Plan): readonly Broken[] {
  const at = (pupil: string) => plan.seats[pupil]?.class_id
  const close = plan.apart.flatMap((group) =>
    [...new Set(group.map(at))]
      .filter((room) => room !== undefined)
      .map((room) => group.filter((pupil) => at(pupil) === room))
      .filter((shared) => shared.length > 1)
      .map((pupils) => ({ kind: 'apart' as const, pupils })),
  )
  const parted = plan.together
    .filter((group) => new Set(group.map(at).filter((room) => room !== undefined)).size > 1)
    .map((pupils) => ({ kind: 'together' as const, pupils }))
  return [...close, ...parted]
}

/** The next free name of a grade's class: 3年3組 after 3年2組. */
export function nextName(plan: Plan, word: (place: number) => string): string {
  for (let place = 1; ; place += 1) if (!plan.classes.some((room) => room.name === word(place))) return word(place)
}
