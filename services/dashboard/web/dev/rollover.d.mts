import type { Look, Revert, Run, Surprise } from '../src/screens/office/rollover/types'

export class Rollover {
  look: Look | null
  runs: Run[]
  begun: boolean
  may_apply: boolean
  surprises: readonly Surprise[]
  held: boolean
  revert: Revert
  unplanned: boolean
  looked(state?: Look['state'], more?: Partial<Look>): void
  run(more?: Partial<Run>): Run
}
