import type { Export } from '../src/screens/office/exports/types'

export class Exports {
  fresh: boolean
  may_protected: boolean
  exports: Export[]
  held: boolean
  add(state?: Export['state'], more?: Partial<Export>): Export
}
