/** What the page of duties makes of the answer. Pure. */
import { addDays, type Day } from '~/dates/dates'
import type { Pick as Candidate } from '~/parts/PickPerson'
import type { ClassDuties, Duty, SchoolDuties, StaffDuties } from './data'

export const HEADS: readonly string[] = ['principal', 'vice_principal']

/** Classes that have lessons and nobody who takes them. */
export function without(classes: readonly ClassDuties[]): readonly ClassDuties[] {
  return classes.filter(({ takers, lessons }) => lessons && takers.length === 0)
}

/** Who may stand in, those without a class of their own that day first, each in the answer's kana order. */
export function standIns(page: SchoolDuties, classId: string): readonly StaffDuties[] {
  const here = page.staff.filter(({ duties }) => duties.some(({ holds }) => holds) && !takes(duties, classId))
  return here.toSorted((a, b) => Number(busy(a)) - Number(busy(b)))
}

function takes(duties: readonly Duty[], classId: string): boolean {
  return duties.some((duty) => duty.holds && duty.class?.id === classId && ['homeroom', 'assistant', 'substitute'].includes(duty.kind))
}

/** Has a class to take that day. */
export function busy({ duties }: StaffDuties): boolean {
  return duties.some(({ holds, kind }) => holds && (kind === 'homeroom' || kind === 'substitute'))
}

/** The last day on which a duty holds, as people say it. */
export function lastDay(until: Day | null): Day | null {
  return until === null ? null : addDays(until, -1)
}

/** Whether the asker may end a duty. */
export function mayEnd(duty: Duty, { may }: SchoolDuties): boolean {
  return HEADS.includes(duty.kind) ? may.heads : duty.kind === 'substitute' ? may.substitute : may.give
}

export function dutyWords(duty: Pick<Duty, 'class' | 'word'>): string {
  return duty.class ? `${duty.class.name} ${duty.word}` : duty.word
}

/** Who may be given a duty: staff of the school with what they hold, then whom a search found; never oneself. */
export function receivers(page: SchoolDuties, found: readonly Candidate['person'][], me: string): readonly Candidate[] {
  const here = page.staff.map(({ person, duties }) => ({ person, note: duties.filter(({ holds }) => holds).map(dutyWords).join(' / ') }))
  const others = found.filter(({ id }) => !here.some(({ person }) => person.id === id)).map((person) => ({ person }))
  return [...here, ...others].filter(({ person }) => person.id !== me)
}
