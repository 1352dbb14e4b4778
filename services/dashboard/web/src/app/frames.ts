/**
 * What stands around the screens: the staff's frame, or the one of families, which has none of the staff's parts. Each
 * comes at once with the address it belongs to, beside its screen.
 */
import { lazy } from 'react'
import type { Me } from '~/api/types'
import { i18n } from './i18n'

/** Families' screens stand under this address. */
const FAMILY = /^\/family(\/|$)/

const family = once(() => import('~/screens/guardian/frame/arrive').then(({ arrive }) => arrive()))
/** The staff's screens speak Japanese alone. */
const staff = once(() => import('./Frame').then((found) => (i18n.activate('ja'), found)))

export const FamilyFrame = lazy(family)
export const StaffFrame = lazy(staff)

/** Begin to fetch the frame of an address; of `/` nobody knows yet whose it will be. */
export function fetchFrame(path: string): void {
  if (FAMILY.test(path)) void family().catch(() => undefined)
  else if (path !== '/' && path !== '/signed-out') void staff().catch(() => undefined)
}

/** Whoever is only a guardian meets nothing else, whatever address they opened. */
export function staysInFamily({ rail }: Me, path: string): boolean {
  return rail.includes('family') && (FAMILY.test(path) || rail.length === 1)
}

/** A file that did not come is asked for again the next time: it may have been a full server's refusal. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    }))
}
