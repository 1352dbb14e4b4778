/** What registry says of rosters on their way in. Names and codes exactly as on the wire. */
import type { Day } from '~/dates/dates'

export interface Scope {
  /** Null: the board's whole roster. */
  readonly school: string | null
  readonly name: string
}

export type UploadState = 'receiving' | 'checking' | 'refused' | 'ready' | 'beginning' | 'begun' | 'stopped'

export interface SentFile {
  readonly name: string
  readonly bytes: number
  readonly received: boolean
}

export interface Counts {
  readonly new: number
  readonly changed: number
  readonly ended: number
}

export interface SchoolCounts {
  readonly school: string
  /** On the import's day, before it and after it. */
  readonly pupils: number
  readonly then: number
  readonly enrolled: number
  readonly moved_in: number
  readonly moved_out: number
  readonly left: number
  readonly changed_class: number
  readonly changed_number: number
  readonly changed_dates: number
}

export interface Loss {
  readonly school: string
  readonly pupils: number
  readonly leaving: number
  readonly classes: readonly string[]
  readonly closes: boolean
}

/** What was found: of a refused package the first three, of one that is ready the others. */
export interface Found {
  readonly total?: number
  readonly files?: Readonly<Record<string, number>>
  readonly notes?: number
  readonly nothing?: boolean
  readonly school_year?: number
  readonly as_of?: Day
  readonly counts?: Readonly<Record<string, Counts>>
  readonly schools?: readonly SchoolCounts[]
  readonly classes?: readonly string[]
  readonly accounts?: { readonly opened: number; readonly closed: number; readonly changed: number }
  readonly losses?: readonly Loss[]
  /** New children of a 学齢簿 of whom it will be asked whether they are here already, and their lines. */
  readonly resembling?: { readonly children: number; readonly lines: string }
  readonly changes?: Readonly<Record<string, number>>
}

export interface Upload {
  readonly id: string
  readonly school: string | null
  readonly school_name: string | null
  readonly state: UploadState
  readonly by: string
  readonly made_at: string
  readonly files: readonly SentFile[]
  readonly found: Found
  readonly preview: string | null
  /** The roster changed after it was shown: this is another preview. */
  readonly anew: boolean
  readonly stopped: string | null
  readonly run: number | null
  /** A 学齢簿, no OneRoster package. */
  readonly register: boolean
}

export interface Run {
  readonly run: number
  readonly school: string | null
  readonly school_name: string | null
  readonly state: 'applying' | 'done' | 'reverting' | 'reverted'
  readonly working: boolean
  readonly stopped: string | null
  /** With which mapping a 学齢簿 was read; null: it was a OneRoster package. */
  readonly mapping: string | null
  readonly school_year: number
  readonly started_by: string
  readonly started_at: string
  readonly finished_at: string | null
  readonly reverted_by: string | null
  readonly reverted_at: string | null
  readonly parts: number
  readonly parts_done: number
  readonly part: string | null
  readonly waiting: string | null
  readonly events: number
  readonly counts: Readonly<Record<string, readonly number[]>>
  /** Of one run; empty in lists. */
  readonly schools: readonly SchoolCounts[]
  readonly confirmed_losses: boolean
}

export interface Imports {
  readonly scopes: readonly Scope[]
  readonly uploads: readonly Upload[]
  readonly runs: readonly Run[]
  readonly next: number | null
}

/** A problem, a note or a change; each has its own of these. */
export interface Row {
  readonly file?: string
  readonly line?: number | null
  readonly column?: string
  readonly value?: string
  readonly rule?: string
  readonly remedy?: string
  readonly told?: string
  readonly who?: string
  readonly what?: string
  readonly before?: string
  readonly after?: string
}

export interface Rows {
  readonly rows: readonly Row[]
  readonly hidden: number
  readonly next: string | null
}

export interface Revert {
  readonly may: boolean
  readonly people: number
  readonly organisations: number
  readonly dependents: readonly { readonly what: string; readonly number: number }[]
  readonly why: string | null
}
