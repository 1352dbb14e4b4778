import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'
import type { Me, RailId } from '~/api/types'

export interface Place {
  readonly id: RailId
  readonly word: MessageDescriptor
  /** Letter after `g`. */
  readonly letter: string
  /** Short address; the dated one follows from it. */
  readonly to: '/family' | '/today' | '/school' | '/calls' | '/register' | '/board' | '/people' | '/imports' | '/moves' | '/next-year' | '/rollover' | '/settings' | '/operations'
}

const PLACES: readonly Place[] = [
  { id: 'family', word: msg`ホーム`, letter: 'h', to: '/family' },
  { id: 'today', word: msg`今日`, letter: 't', to: '/today' },
  { id: 'school', word: msg`学校の今日`, letter: 's', to: '/school' },
  { id: 'calls', word: msg`電話`, letter: 'd', to: '/calls' },
  { id: 'register', word: msg`出席簿`, letter: 'k', to: '/register' },
  { id: 'board', word: msg`市の今日`, letter: 'b', to: '/board' },
  { id: 'people', word: msg`名簿`, letter: 'l', to: '/people' },
  { id: 'imports', word: msg`名簿取込`, letter: 'i', to: '/imports' },
  { id: 'moves', word: msg`転出入`, letter: 'm', to: '/moves' },
  { id: 'next_year', word: msg`来年度`, letter: 'y', to: '/next-year' },
  { id: 'rollover', word: msg`年度更新`, letter: 'n', to: '/rollover' },
  { id: 'settings', word: msg`市の設定`, letter: 'e', to: '/settings' },
  { id: 'operations', word: msg`配信の状態`, letter: 'o', to: '/operations' },
]

/** The places of this person's rail, in the order the server gives; unknown ones are left out. */
export function placesOf(me: Me): readonly Place[] {
  return me.rail.flatMap((id) => PLACES.filter((place) => place.id === id))
}

/** Whose screens stand under which place; the first of them that the person has is shown as here. */
const UNDER: readonly (readonly [prefix: string, places: readonly RailId[]])[] = [
  ['/family', ['family']],
  ['/today', ['today']],
  ['/classes/', ['today', 'school', 'board']],
  ['/next-year', ['next_year']],
  ['/rollover', ['rollover']],
  ['/school', ['school', 'board']],
  ['/board', ['board']],
  ['/people', ['people']],
  ['/calls', ['calls']],
  ['/imports', ['imports']],
  ['/exports', ['imports']],
  ['/moves', ['moves']],
  ['/settings', ['settings']],
  ['/operations', ['operations']],
]

/** 出席簿 of a class, whoever reads it. */
const REGISTER = /^\/(register$|classes\/[^/]+\/register\/)/

/** Pages of a school about its next year: of the school's own people, or of whoever keeps the roster. */
const OF_NEXT_YEAR: readonly RailId[] = ['next_year', 'rollover']

/** The place of the rail that an address belongs to. */
export function placeOf(path: string, places: readonly Place[]): RailId | null {
  if (REGISTER.test(path) && places.some(({ id }) => id === 'register')) return 'register'
  const ids = path.includes('/class-plans/') || path.includes('/rollover/') ? OF_NEXT_YEAR : UNDER.find(([prefix]) => path.startsWith(prefix))?.[1] ?? []
  return ids.find((id) => places.some((place) => place.id === id)) ?? null
}
