/** What registry says of rosters on their way out. Names and codes exactly as on the wire. */
import type { Followed } from '~/api/types'
import type { Day } from '~/dates/dates'

export type Profile = '1.2_JP' | '1.2'

export interface Export {
  readonly id: string
  readonly by: string
  /** Whoever asked for it fetches it, and nobody else. */
  readonly mine: boolean
  readonly purpose: string
  readonly profile: Profile
  readonly since: string | null
  readonly as_of: Day
  readonly school: string | null
  readonly school_name: string | null
  readonly for_others: boolean
  readonly protected: boolean
  readonly state: 'writing' | 'ready' | 'stopped' | 'removed'
  readonly made_at: string
  /** People so far. */
  readonly written: number
  readonly until: string | null
  /** What the next one may be told since. */
  readonly instant: string | null
  readonly rows: Readonly<Record<string, number>>
  /** Protected children: in it, or left out, as asked; null for whom it does not concern. */
  readonly children_protected: number | null
  readonly bytes: number
  readonly stopped: string | null
}

export interface Exports extends Followed {
  readonly may: boolean
  readonly may_protected: boolean
  /** Whether they have proved who they are within the last minutes. */
  readonly fresh: boolean
  readonly kept_minutes: number
  readonly schools: readonly { readonly id: string; readonly name: string }[]
  readonly exports: readonly Export[]
}
