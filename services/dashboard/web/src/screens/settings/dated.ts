import type { Person } from '~/api/types'
import type { Day } from '~/dates/dates'

/** What was said of a day on: who, when, and what it says otherwise than the version before. */
export interface Said {
  readonly since: Day
  readonly said_at: string
  readonly said_by: Person | null
  readonly state: 'coming' | 'holds' | 'past'
  readonly words: readonly string[]
}

/** Every version of a setting, the latest first. */
export interface Sayings<Version extends Said> {
  readonly revision: string
  readonly versions: readonly Version[]
}
