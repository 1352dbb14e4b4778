/**
 * What stands around the screens: the staff's frame, or the one of families, which has none of the staff's parts. Each
 * comes at once with the address it belongs to, beside its screen.
 */
import type { Me } from '~/api/types'
import { filed } from '~/parts/later'
import { i18n } from './i18n'

/** Families' screens stand under this address. */
const FAMILY = /^\/family(\/|$)/

const family = filed(() => import('~/screens/guardian/frame/arrive').then(({ arrive }) => arrive()))
/** The staff's screens speak Japanese alone. */
const staff = filed(() => import('./Frame').then((found) => (i18n.activate('ja'), found)))

export const FamilyFrame = family.Part
export const StaffFrame = staff.Part

/** Begin to fetch the frame of an address; of `/` nobody knows yet whose it will be. */
export function fetchFrame(path: string): void {
  if (FAMILY.test(path)) void family.fetch().catch(() => undefined)
  else if (path !== '/' && path !== '/signed-out') void staff.fetch().catch(() => undefined)
}

/** Whoever is only a guardian meets nothing else, whatever address they opened. */
export function staysInFamily({ rail }: Me, path: string): boolean {
  return rail.includes('family') && (FAMILY.test(path) || rail.length === 1)
}
