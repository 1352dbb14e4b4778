/**
 * The 出席簿 that was open last, for whoever comes back to it by its short address: in this tab, of this person, on the
 * same day. Ids only, and gone with the sign-out (docs/decisions/0009).
 */
import type { Me } from '~/api/types'

const keyOf = ({ person, today }: Me) => `register ${person.id} ${today}`

export function keepSheet(me: Me, address: string): void {
  try {
    sessionStorage.setItem(keyOf(me), address)
  } catch {
    // A browser that keeps nothing begins with this month.
  }
}

export function lastSheet(me: Me): string | null {
  try {
    return sessionStorage.getItem(keyOf(me))
  } catch {
    return null
  }
}

/** Nothing else is kept in a tab. */
export function forgetSheet(): void {
  try {
    sessionStorage.clear()
  } catch {
    // Nothing was kept.
  }
}
