import { t } from '@lingui/core/macro'
import { addDays, type Day } from '~/dates/dates'
import { tileOf, type TileId } from './rules'
import type { Telling } from './data'

/** What is told, in plain words: for labels, and for what is kept on the device. */
export function tileWord(tile: TileId): string {
  const words: Readonly<Record<TileId, string>> = {
    sick: t`休む（病気・けが）`,
    home: t`休む（家の用事など）`,
    late: t`おくれる`,
    early: t`早く帰る`,
    mourning: t`休む（忌引：お葬式など）`,
    other: t`そのほか`,
  }
  return words[tile]
}

export function saidWord(said: Pick<Telling, 'kind' | 'reason'>): string {
  const tile = tileOf(said)
  return tile === null ? t`連絡` : tileWord(tile)
}

/** 「きょう」「あした」, else the day with its weekday; several days from and to. */
export function daysWord({ since, until }: Pick<Telling, 'since' | 'until'>, today: Day, write: (day: Day) => string): string {
  const last = addDays(until, -1)
  const [from, to] = [write(since), write(last)]
  if (last !== since) return t`${from}から${to}まで`
  if (since === today) return t`きょう ${from}`
  return since === addDays(today, 1) ? t`あした ${from}` : from
}
