/** The roll as grid, command and counts. Pure. */
import type { AttendanceSymbol, DayCounts, RefusedMark, Roll, RollAnswer, RollCommand, RollMark, RollMember } from '~/api/types'
import { instant } from '~/dates/dates'
import { cellKey, isStale, seenBy, valueAt, type CellKey, type Choice, type Column, type Draft, type GridState, type Held, type Row } from '~/grid/model'
import type { Entry } from '~/outbox/rules'
import { fullName, kanaOf } from '~/parts/Name'

export const ATTENDANCE = 'attendance'

export function pupilKey(pupil: string): CellKey {
  return cellKey(pupil, ATTENDANCE)
}

export function choiceOf({ code, key, glyph, word, tint }: AttendanceSymbol): Choice {
  return { code, key: key === '␣' ? ' ' : key, glyph, word, tint }
}

/** The plain 出席 that "the rest" gets. */
export function presentCode(symbols: readonly AttendanceSymbol[]): string | null {
  return symbols.find(({ presence, late, early }) => presence === 'present' && !late && !early)?.code ?? null
}

/** Columns the grid knows; the answer's list decides which and in what order. */
export function columnsOf(roll: Roll): readonly Column[] {
  return roll.columns.flatMap(({ id, kind, label }): Column[] =>
    kind === 'choice' && id === ATTENDANCE ? [{ id, kind, label, choices: roll.symbols.map(choiceOf) }] : [],
  )
}

/** `exchange` writes the words for a child whose roll is taken elsewhere. */
export function rowsOf(members: readonly RollMember[], exchange: (homeClass: string) => string): readonly Row[] {
  return members.map((member) => ({
    id: member.pupil.id,
    number: member.number,
    name: fullName(member.pupil),
    reading: kanaOf(member.pupil),
    tag: member.exchange ? exchange(member.home_class?.name ?? '') : '',
    editable: !member.exchange,
  }))
}

export function bodyOf(entry: Entry): RollCommand {
  return entry.body as RollCommand
}

/** Commands that will reach the server as they are: their marks count as held, and 確定 as done. */
export function waitingOf(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ state }) => state === 'waiting')
}

/** What the server holds, with what is on its way laid over it: that stands on the revision it was entered over. */
export function heldOf(roll: Roll, entries: readonly Entry[]): ReadonlyMap<CellKey, Held> {
  const held = new Map<CellKey, Held>()
  for (const { pupil, cell } of roll.members) held.set(pupilKey(pupil.id), { value: cell.code, revision: cell.revision })
  for (const entry of entries)
    if (entry.state !== 'answered')
      for (const mark of bodyOf(entry).marks) {
        const key = pupilKey(mark.pupil)
        const before = held.get(key)
        if (before) held.set(key, { value: mark.code, revision: mark.seen })
      }
  return held
}

/** True once what changes is a correction: 確定 was said, by the server, or here and on its way; or the month was closed. */
export function isTaken(roll: Roll, entries: readonly Entry[]): boolean {
  return roll.taken !== null || roll.month_closed || waitingOf(entries).some((entry) => bodyOf(entry).taken)
}

/** The class's own pupils without any mark. */
export function rest(state: GridState): readonly Row[] {
  return state.shape.rows.filter((row) => row.editable && valueAt(state, row.id, ATTENDANCE) === null)
}

/** Marks as entered here, in register order; cells that somebody else changed meanwhile wait for a decision. */
export function draftMarks(state: GridState): readonly RollMark[] {
  return state.shape.rows.flatMap((row) => {
    const key = pupilKey(row.id)
    const draft = state.drafts.get(key)
    return draft && !isStale(state, key) ? [{ pupil: row.id, seen: seenBy(state, key, draft), code: draft.value, reason: null }] : []
  })
}

/** The drafts that a command takes along. */
export function takenAlong(state: GridState, { marks }: RollCommand): ReadonlyMap<CellKey, Draft> {
  const keys = new Set(marks.map(({ pupil }) => pupilKey(pupil)))
  return new Map([...state.drafts].filter(([key]) => keys.has(key)))
}

/** Children of whose day a family's notice speaks, and nobody else has. */
export function announced(roll: Roll): readonly string[] {
  return roll.members.flatMap(({ pupil, exchange, cell }) =>
    !exchange && cell.code !== null && cell.explain.some(({ holds, source }) => holds && source === 'notice') ? [pupil.id] : [],
  )
}

/** What was announced and stands in the grid as it was: whoever confirms the roll says it too, over what was seen. */
export function asAnnounced(state: GridState, told: readonly string[]): readonly RollMark[] {
  return told.flatMap((pupil) => {
    const key = pupilKey(pupil)
    const held = state.held.get(key)
    return held && held.value !== null && !state.drafts.has(key) && !state.leaving.has(key) ? [{ pupil, seen: held.revision, code: held.value, reason: null }] : []
  })
}

/** "The rest is present": what was entered, what families told, 出席 for everybody without a mark, and 確定. */
export function confirmCommand(state: GridState, present: string, claimedAt: string, told: readonly string[] = []): RollCommand {
  const empty = new Set(rest(state).map(({ id }) => id))
  const entered = draftMarks(state).filter(({ pupil }) => !empty.has(pupil))
  const filled = [...empty].map((pupil) => ({
    pupil,
    seen: state.held.get(pupilKey(pupil))?.revision ?? 0,
    code: present,
    reason: null,
  }))
  const order = new Map(state.shape.rows.map(({ id }, i) => [id, i]))
  const marks = [...entered, ...asAnnounced(state, told), ...filled].toSorted((a, b) => (order.get(a.pupil) ?? 0) - (order.get(b.pupil) ?? 0))
  return { marks, taken: true, claimed_at: claimedAt }
}

/** Counts of what the grid shows now; 遅刻・早退 counts in both. */
export function totals(state: GridState, symbols: readonly AttendanceSymbol[]): DayCounts {
  const own = state.shape.rows.filter(({ editable }) => editable)
  const marks = own.map((row) => symbols.find(({ code }) => code === valueAt(state, row.id, ATTENDANCE)))
  const count = (test: (mark: AttendanceSymbol) => boolean) => marks.filter((mark) => mark !== undefined && test(mark)).length
  return {
    members: own.length,
    present: count((mark) => mark.presence === 'present'),
    absent: count((mark) => mark.presence === 'absent' && mark.tint !== 'apart'),
    late: count((mark) => mark.late),
    early: count((mark) => mark.early),
    apart: count((mark) => mark.tint === 'apart'),
    unrecorded: marks.filter((mark) => mark === undefined).length,
  }
}

/** One cell that two people entered differently. */
export interface Conflict {
  readonly pupil: string
  readonly mine: string | null
  /** ISO instant of the own entry. */
  readonly mineAt: string
  readonly theirs: string | null
  /** Revision the other value stands at. */
  readonly revision: number
  /** Who entered the other value and when, as far as known. */
  readonly source: string | null
  readonly who: string
  readonly at: string
  /** Why, where the own entry was a correction. */
  readonly reason: RollMark['reason']
  /** Command whose answer told it; null when it was seen before sending. */
  readonly entry: string | null
}

/**
 * Cells to decide: refused by the server, or changed by somebody while they were being entered here; once somebody
 * has confirmed the roll, everything that is entered here and not saved.
 */
export function conflicts(roll: Roll, state: GridState, entries: readonly Entry[]): readonly Conflict[] {
  const taken = isTaken(roll, entries)
  const told = entries.flatMap((entry) =>
    entry.state === 'answered' ? (entry.answer as RollAnswer).refused.map((mark) => refusedConflict(mark, entry, state)) : [],
  )
  const seen = roll.members.flatMap((member): Conflict[] => {
    const key = pupilKey(member.pupil.id)
    const draft = state.drafts.get(key)
    if (!draft || !(isStale(state, key) || taken)) return []
    const fact = member.cell.explain.find(({ holds }) => holds)
    return [
      {
        pupil: member.pupil.id,
        mine: draft.value,
        mineAt: draft.at,
        theirs: member.cell.code,
        revision: member.cell.revision,
        source: fact?.source ?? null,
        who: fact?.who ?? '',
        at: fact?.at ?? '',
        reason: null,
        entry: null,
      },
    ]
  })
  const known = new Set(told.map(({ pupil }) => pupil))
  return [...told, ...seen.filter(({ pupil }) => !known.has(pupil))]
}

/** What was entered after the command stands for it. */
function refusedConflict({ pupil, yours, theirs }: RefusedMark, entry: Entry, state: GridState): Conflict {
  const draft = state.drafts.get(pupilKey(pupil))
  const who = typeof theirs.by === 'string' ? theirs.by : theirs.by ? fullName(theirs.by) : ''
  return {
    pupil,
    mine: draft ? draft.value : yours.code,
    mineAt: draft?.at ?? entry.made,
    theirs: theirs.code,
    revision: theirs.revision,
    source: theirs.source,
    who,
    at: theirs.at,
    reason: draft ? null : (bodyOf(entry).marks.find((mark) => mark.pupil === pupil)?.reason ?? null),
    entry: entry.id,
  }
}

/** The answered command without the cell that was decided; null when nothing is left to decide. */
export function decided(entry: Entry, pupil: string): Entry | null {
  const answer = entry.answer as RollAnswer
  const refused = answer.refused.filter((mark) => mark.pupil !== pupil)
  return refused.length ? { ...entry, answer: { ...answer, refused } } : null
}

/** 出席番号 that a refusal names: its cells read 「12番」. */
export function refusedNumbers(entries: readonly Entry[]): ReadonlySet<number> {
  const cells = entries.flatMap(({ problem }) => problem?.errors.flatMap(({ cell }) => cell ?? []) ?? [])
  return new Set(cells.flatMap((cell) => /^(\d+)番/.exec(cell)?.[1] ?? []).map(Number))
}

/** Marks of a refused command as drafts again, so that they can be mended where they were made. */
export function draftsOf(entry: Entry): ReadonlyMap<CellKey, Draft> {
  return new Map(bodyOf(entry).marks.map(({ pupil, seen, code }) => [pupilKey(pupil), { value: code, seen, at: entry.made }]))
}

/** The roll as the answer to a command leaves it, until the next read brings the whole. */
export function applyAnswer(roll: Roll, answer: RollAnswer, command: RollCommand): Roll {
  const saved = new Map(answer.saved.map((one) => [one.pupil, one]))
  const corrected = new Set(command.marks.flatMap(({ pupil, reason }) => (reason ? [pupil] : [])))
  return {
    ...roll,
    taken: answer.taken ?? roll.taken,
    members: roll.members.map((member) => {
      const now = saved.get(member.pupil.id)
      if (!now) return member
      const cell = { ...member.cell, code: now.code, status: now.status, revision: now.revision }
      return { ...member, cell: corrected.has(now.pupil) ? { ...cell, corrected: true } : cell }
    }),
  }
}

/** Marks of the school that are kept and not confirmed yet: how many, and when the last of them was made. */
export function kept(roll: Roll): { readonly n: number; readonly at: string } {
  const facts = roll.members.flatMap(({ exchange, cell }) => (exchange ? [] : cell.explain.filter(({ holds, source }) => holds && source !== 'notice')))
  const at = facts.reduce((last, fact) => ((instant(fact.at) ?? 0) > (instant(last) ?? 0) ? fact.at : last), '')
  return { n: facts.length, at }
}

/** The latest correction that has arrived; `at` and `who` are empty until they are read. */
export interface Corrected {
  readonly member: RollMember
  readonly at: string
  readonly who: string
}

export function lastCorrected(roll: Roll): Corrected | null {
  const told = roll.members.flatMap((member): Corrected[] =>
    member.exchange ? [] : member.cell.explain.flatMap(({ reason, at, who }) => (reason === null ? [] : [{ member, at, who }])),
  )
  const fresh = roll.members.find(({ cell }) => cell.corrected)
  if (fresh) return { member: fresh, at: '', who: '' }
  return told.reduce<Corrected | null>((last, one) => (last && (instant(last.at) ?? 0) >= (instant(one.at) ?? 0) ? last : one), null)
}

/** What the line beside the work says; the first that holds. */
export type SyncState = 'refused' | 'unsent' | 'taken' | 'open'

export function syncState(roll: Roll, entries: readonly Entry[]): SyncState {
  if (entries.some(({ state }) => state === 'parked')) return 'refused'
  if (waitingOf(entries).length) return 'unsent'
  return roll.taken ? 'taken' : 'open'
}
