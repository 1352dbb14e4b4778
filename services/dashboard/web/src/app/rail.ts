import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'
import type { Me, RailId } from '~/api/types'

interface Place {
  readonly id: RailId
  readonly word: MessageDescriptor
  /** Letter after `g`. */
  readonly letter: string
  /** Short address; the dated one follows from it. */
  readonly to: '/today' | '/school' | '/board' | '/operations'
}

const PLACES: readonly Place[] = [
  { id: 'today', word: msg`今日`, letter: 't', to: '/today' },
  { id: 'school', word: msg`学校の今日`, letter: 's', to: '/school' },
  { id: 'board', word: msg`市の今日`, letter: 'b', to: '/board' },
  { id: 'operations', word: msg`配信の状態`, letter: 'o', to: '/operations' },
]

/** The places of this person's rail, in the order the server gives; unknown ones are left out. */
export function placesOf(me: Me): readonly Place[] {
  return me.rail.flatMap((id) => PLACES.filter((place) => place.id === id))
}
