/** The view models the BFF makes for the screens. Names and codes exactly as on the wire. */
import type { Day } from '~/dates/dates'

/** A name card. Every part may be empty while the card has not arrived yet. */
export interface Person {
  readonly id: string
  readonly family: string
  readonly given: string
  readonly family_kana: string
  readonly given_kana: string
}

export interface SchoolClass {
  readonly id: string
  readonly name: string
  readonly grade: string | null
  readonly special_needs: boolean
}

export interface School {
  readonly id: string
  readonly name: string
}

/** What every read carries: keys of the live stream, positions the answer includes, the time it was true. */
/** What changes by itself as long as the screen shows it. */
export interface Followed {
  readonly live: readonly string[]
}

export interface Live extends Followed {
  readonly reached?: Readonly<Record<string, number>>
  readonly as_of: string
  /** Set on arrival when the server's own copies were behind: the page is of this time, not of now. */
  readonly behind?: string
}

export type RailId = 'family' | 'today' | 'school' | 'calls' | 'register' | 'board' | 'people' | 'imports' | 'moves' | 'next_year' | 'rollover' | 'settings' | 'operations'

export interface Role {
  readonly kind: string
  readonly label: string
  readonly school?: School | null
  readonly class?: SchoolClass | null
}

export interface Me {
  readonly person: Person
  readonly board: { readonly id: string; readonly name: string }
  readonly kind: string
  readonly roles: readonly Role[]
  /** Only the places this person may open, in order. */
  readonly rail: readonly string[]
  /** What of 市の設定 is theirs. */
  readonly settings: readonly string[]
  /** Address of the first screen. */
  readonly home: string
  readonly acr: string
  readonly today: Day
  readonly training: boolean
  readonly session_ends_at: string
  /** Nobody answered: this is what the device knew last. */
  readonly away?: true
}

export interface TodayClass {
  readonly class: SchoolClass
  readonly school: School
  readonly role: string
  readonly closed: NoLessons | null
  readonly members: number
  readonly taken_at: string | null
  readonly taken_by: Person | null
  readonly unrecorded: number
  readonly absent: number
  readonly late: number
  readonly early: number
  readonly apart: number
}

/** Why a class has no lessons while its school meets: a word for a list, a sentence for a page. */
export interface NoLessons {
  readonly word: string
  readonly reason: string
}

export interface Today extends Live {
  readonly date: Day
  readonly school_day: boolean
  readonly next_school_day: Day | null
  /** The asker teaches a subject where the board has lessons' rolls taken. */
  readonly lessons: boolean
  readonly classes: readonly TodayClass[]
}

export type Tint = 'none' | 'absent' | 'late' | 'apart'

/** One mark of the board's list, dated: what is typed, shown and printed for a state of the day. */
export interface AttendanceSymbol {
  readonly code: string
  readonly key: string
  readonly glyph: string
  readonly word: string
  readonly presence: 'present' | 'absent'
  readonly category: 'sick' | 'other' | 'suspension' | 'bereavement' | 'not_required' | null
  readonly late: boolean
  readonly early: boolean
  readonly tint: Tint
}

export interface CodeWord {
  readonly code: string
  readonly word: string
}

/** One source's fact about the day, and whether the day's state stands on it. */
export interface ExplainedFact {
  readonly source: string
  readonly code: string | null
  readonly word: string
  readonly who: string
  readonly at: string
  readonly holds: boolean
  readonly reason: string | null
  /** Of a notice: it says what no mark says, and somebody must read it. */
  readonly to_read?: boolean
}

export interface RollCell {
  readonly code: string | null
  readonly status: string
  readonly revision: number
  readonly contradiction: string | null
  readonly explain: readonly ExplainedFact[]
  /** Set on arrival of an answer: a correction of this cell was taken; who and when come with the next read. */
  readonly corrected?: true
}

export interface RollMember {
  readonly pupil: Person
  readonly number: number | null
  /** True for a child of 在籍 elsewhere: shown here, taken there. */
  readonly exchange: boolean
  readonly home_class: SchoolClass | null
  readonly cell: RollCell
}

export interface Taken {
  readonly at: string
  readonly by: Person | null
  readonly members: number
}

export interface Roll extends Live {
  readonly class: SchoolClass
  readonly school: School
  readonly date: Day
  readonly closed: { readonly reason: string } | null
  readonly may: { readonly take: boolean; readonly correct: boolean }
  readonly symbols: readonly AttendanceSymbol[]
  readonly reasons: readonly CodeWord[]
  readonly columns: readonly { readonly id: string; readonly kind: string; readonly label: string }[]
  readonly members: readonly RollMember[]
  readonly taken: Taken | null
  /** The class's month is closed: what changes now is a correction with a reason. */
  readonly month_closed: boolean
  /** The board has the lessons' rolls taken here, too. */
  readonly lessons: boolean
}

export interface RollMark {
  readonly pupil: string
  /** Revision of the cell the person was looking at. */
  readonly seen: number
  readonly code: string | null
  readonly reason: { readonly code: string; readonly text: string } | null
}

export interface RollCommand {
  readonly marks: readonly RollMark[]
  readonly taken: boolean
  readonly claimed_at: string | null
}

export interface RefusedMark {
  readonly pupil: string
  readonly yours: { readonly code: string | null }
  readonly theirs: {
    readonly code: string | null
    readonly revision: number
    readonly source: string
    readonly by: Person | string | null
    readonly at: string
  }
}

export interface RollAnswer {
  readonly saved: readonly { readonly pupil: string; readonly revision: number; readonly code: string | null; readonly status: string }[]
  readonly refused: readonly RefusedMark[]
  readonly taken: Taken | null
  readonly after: string | null
}

export interface DayCounts {
  readonly members: number
  readonly present: number
  readonly absent: number
  readonly late: number
  readonly early: number
  readonly apart: number
  readonly unrecorded: number
}

/** Of a whole school: 在籍 counts everybody, the others those whose class has lessons. */
export interface DayTotals extends DayCounts {
  /** Children of classes without lessons that day (臨時休業, or their grade's own day off). */
  readonly off: number
}

/** What is usual of a group: shares, medians of so many school days before. */
export interface Usual {
  readonly away: number
  readonly late: number
  readonly days: number
}

/** Null numbers: the group, or another one beside it, is too small for its reader. */
export type Told<Counts> = { readonly [Name in keyof Counts]: Counts[Name] | null }

/** A group's day beside what is usual there. */
export interface Measured {
  /** Who has lessons. */
  readonly here: number | null
  /** Not at school, whatever the reason. */
  readonly away: number | null
  readonly late: number | null
  /** Of confirmed rolls: what shares are of. */
  readonly rated: { readonly here: number; readonly away: number; readonly late: number } | null
  readonly usual: Usual | null
  readonly stands_out: boolean
}

export interface MeasuredGrade extends Measured {
  readonly grade: string | null
  readonly members: number
  readonly classes: number
  readonly classes_taken: number
}

/** A class, or a grade that is told as a whole, of which far more are away than usual. */
export interface Outstanding {
  readonly school: School
  readonly class: { readonly id: string; readonly name: string } | null
  readonly grade: string | null
  readonly here: number
  readonly away: number
  readonly usual: Usual
}

/** The rule by which something stands out, and what is usual. */
export interface OverviewRule {
  readonly window: number
  readonly least: number
  readonly times: number
  readonly more: number
}

/** Why children are away, by the board's codes. */
export interface ReasonCount extends CodeWord {
  readonly count: number
}

interface Overview extends Live {
  readonly date: Day
  readonly rule: OverviewRule
  readonly outstanding: readonly Outstanding[]
  readonly grades: readonly MeasuredGrade[]
  readonly reasons: readonly ReasonCount[]
}

export interface SchoolDayClass extends Told<DayCounts>, Measured {
  readonly late: number | null
  readonly unrecorded: number | null
  readonly class: SchoolClass
  readonly homeroom: Person | null
  readonly closed: NoLessons | null
  readonly taken_at: string | null
  readonly taken_by: Person | null
}

export interface SchoolDayException {
  readonly pupil: Person
  readonly class: SchoolClass
  readonly number: number | null
  readonly code: string
  readonly word: string
  readonly glyph: string
  readonly tint: Tint
}

export interface SchoolDay extends Overview {
  readonly school: School
  readonly school_day: boolean
  /** The reader knows these children by name; else groups under five are told to nobody. */
  readonly names: boolean
  readonly may: { readonly roll: boolean }
  readonly totals: Told<DayTotals> & Measured & { readonly classes: number; readonly classes_taken: number }
  readonly classes: readonly SchoolDayClass[]
  readonly exceptions: readonly SchoolDayException[]
}

export interface BoardDaySchool extends Told<DayTotals>, Measured {
  readonly late: number | null
  readonly unrecorded: number | null
  readonly school: School
  readonly kind: string
  readonly classes: number
  readonly classes_taken: number
  readonly school_day: boolean
}

export interface BoardDay extends Overview {
  readonly board: { readonly id: string; readonly name: string }
  readonly totals: DayTotals & Measured & { readonly schools: number; readonly classes: number; readonly classes_taken: number }
  readonly schools: readonly BoardDaySchool[]
}

export interface ServiceState {
  readonly name: string
  readonly ready: boolean
  readonly version: string
  readonly memory_mib: number | null
}

export interface FeedState {
  readonly service: string
  readonly copy: string
  readonly publisher: string
  /** Null of a worker that reads no log: it compares, and has no place in one. */
  readonly position: number | null
  readonly head: number | null
  readonly lag_records: number | null
  readonly lag_seconds: number
  /** Why it does not go on by itself, a sentence for the operator; null while it does. */
  readonly stopped_because: string | null
}

/** A key that waits; of another service's feed one entry for all of its keys, without them, their reasons and times. */
export interface ParkedKey {
  readonly service: string
  readonly copy: string
  readonly publisher: string
  readonly key: string | null
  readonly keys: number
  /** Events that wait, the first one included. */
  readonly count: number
  readonly reason: string | null
  readonly parked_at: string | null
}

/** A waiting record: where it belongs and why it waits; names of its fields, no values. */
export interface ParkedRecord {
  readonly position: number
  readonly epoch: number
  readonly topic: string
  readonly type: string
  readonly version: number
  readonly recorded_at: string
  readonly importance: string
  readonly fields: readonly string[] | null
  readonly reason: string
}

export interface ParkedRecords extends Partial<Live> {
  readonly records: readonly ParkedRecord[]
}

/** What became of a key that was retried or thrown away. */
export interface Handled {
  readonly records: number
  /** Why it still waits. */
  readonly still: string | null
}

export interface Operations extends Partial<Live> {
  readonly services: readonly ServiceState[]
  readonly feeds: readonly FeedState[]
  readonly parked: readonly ParkedKey[]
}
