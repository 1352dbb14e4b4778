import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'
import type { Person, School } from '~/api/types'
import type { Day } from '~/dates/dates'

export interface Rule {
  readonly code: string
  readonly word: string
  /** 続けて, or of a school year together. */
  readonly kind: 'row' | 'year'
  readonly days: number
  /** 病欠 counts, too. */
  readonly excused: boolean
}

/** What was said from a day on. */
export interface Version {
  readonly id: string
  readonly since: Day
  readonly rules: readonly Rule[]
  readonly reason: string
  readonly state: 'coming' | 'holds' | 'past' | 'withdrawn' | 'replaced'
  readonly said_by: Person | null
  readonly said_at: string
  readonly withdrawn_by: Person | null
  readonly withdrawn_at: string | null
}

export interface Rules {
  readonly today: Day
  readonly revision: string
  /** Those that hold today. */
  readonly rules: readonly Rule[]
  /** First days of the months that a draft may be tried on. */
  readonly months: readonly Day[]
  /** So many rules at most. */
  readonly most: number
  /** The days that a rule of a draft may ask for. */
  readonly days: Readonly<Record<Rule['kind'], readonly number[]>>
  /** How often the board may still try a draft today. */
  readonly trials_left: number
  readonly versions: readonly Version[]
}

/** Of the whole city: so many children or more; 0: too few to be told. */
export interface Numbers {
  readonly all: number
}

/** A draft, and how far it was tried. */
export interface Trial {
  readonly id: string
  /** What had been said of the rules when it was begun: what has changed since must be tried anew. */
  readonly revision: string
  readonly rules: readonly Rule[]
  readonly beside: readonly Rule[]
  readonly months: readonly Day[]
  readonly until: Day
  readonly done: number
  readonly schools: number
  /** Somebody else of the board counts just now. */
  readonly waits?: boolean
  /** Once every school is counted. A school's number is the lower end of its five. */
  readonly told: null | {
    readonly draft: Numbers
    readonly now: Numbers
    readonly schools: readonly { readonly school: School; readonly draft: number; readonly now: number }[]
  }
}

export const PATH = '/api/board/alert-rules'
export const TRIALS = '/api/board/alert-trials'
export const KEY = 'alert-rules'

export const rulesQuery = queryOptions({ queryKey: [KEY], queryFn: ({ signal }) => read<Rules>(PATH, signal) })
