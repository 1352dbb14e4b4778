/** What registry says of a new school year. Names and codes exactly as on the wire. */
import type { Followed, Person } from '~/api/types'
import type { Day } from '~/dates/dates'

export type Became = 'promoted' | 'repeating' | 'advancing' | 'graduating' | 'prepared' | 'new'

export interface Counts {
  readonly became: Readonly<Partial<Record<Became, number>>>
  /** In 在籍 on 31 March, and next year. */
  readonly here: number
  readonly pupils: number
  /** Of whom something is written; who graduates is not among them. */
  readonly changed: number
  readonly without_class: number
  readonly without_teacher: number
  readonly exchange: number
  /** Graduates who must go somewhere, and nobody has said where. */
  readonly nowhere: number
  /** Duty → schools where nobody has it on 1 April. */
  readonly lacking: Readonly<Record<string, number>>
}

export interface OfSchool {
  readonly school: string
  readonly name: string
  readonly number: number
}

export interface SchoolNumbers extends Counts {
  readonly school: string
  readonly name: string
  /** Of the school's plan; null while it has none. */
  readonly classes: number | null
  readonly to: readonly OfSchool[]
  /** Who come from other schools of the board. */
  readonly coming: readonly OfSchool[]
}

export interface Surprise {
  readonly school: string
  readonly name: string
  readonly kind: 'without_class' | 'nowhere' | 'empty'
  readonly number: number
  readonly of: number
}

/** Empty while it is looked at. */
export interface Found {
  readonly schools?: readonly SchoolNumbers[]
  readonly total?: Counts
  readonly surprises?: readonly Surprise[]
}

export interface Look {
  readonly state: 'looking' | 'ready' | 'beginning' | 'begun' | 'stopped'
  readonly by: string
  readonly made_at: string
  readonly looked_at: string | null
  readonly parts: number
  readonly parts_done: number
  readonly part: string | null
  readonly found: Found
  readonly preview: string | null
  /** The roster or a plan changed after it was shown: this is another one. */
  readonly anew: boolean
  readonly stopped: string | null
}

export interface Run {
  readonly run: number
  readonly year: number
  readonly state: 'applying' | 'done' | 'reverting' | 'reverted'
  readonly working: boolean
  /** It is being taken back, or about to be. */
  readonly back: boolean
  readonly stopped: string | null
  readonly started_by: string
  readonly started_at: string
  readonly finished_at: string | null
  readonly reverted_by: string | null
  readonly reverted_at: string | null
  readonly parts: number
  readonly parts_done: number
  readonly part: string | null
  readonly waiting: string | null
  readonly changed: number
  readonly events: number
}

export interface Rollover extends Followed {
  readonly year: number
  readonly begins: Day
  readonly begun: boolean
  readonly may_read: boolean
  readonly may_apply: boolean
  readonly look: Look | null
  /** The newest first. */
  readonly runs: readonly Run[]
}

/** Where graduates go, of every school that does not have all grades. */
export interface Onward {
  readonly schools: readonly { readonly school: string; readonly name: string; readonly next_school: string | null; readonly choices: readonly string[] }[]
  readonly names: Readonly<Record<string, string>>
}

export type Kind = 'nowhere' | 'without_class' | 'repeating'

export interface Listed {
  readonly kind: Kind
  readonly pupils: readonly { readonly pupil: Person; readonly grade: string; readonly class_name: string | null; readonly next_school: string | null }[]
  readonly number: number
  readonly hidden: number
}

export interface SchoolRollover extends Followed {
  readonly year: number
  readonly school: string
  readonly school_name: string
  readonly numbers: SchoolNumbers
  readonly lists: readonly Listed[]
  readonly may_plan: boolean
}

export interface Revert {
  readonly may: boolean
  readonly why: string | null
}
