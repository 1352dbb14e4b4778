import type { ClassFamilies } from '../src/screens/people/invitations/data'

export class Invitations {
  missing: string[]
  stale: boolean
  quicker: Set<string>
  lost: boolean
  made: number
  empty: boolean
  classes(): (ClassFamilies & { readonly id: string })[]
}
