import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import { addDays, type Day } from '~/dates/dates'
import { Ruby } from '~/languages/Ruby'
import type { Telling } from './data'
import { useDays } from './days'
import { tileOf, type TileId } from './rules'

/** What is told, for the eye: with readings where they are wanted (said.ts has the same plain). */
export function TileWords({ tile }: { readonly tile: TileId }) {
  const words: Readonly<Record<TileId, ReactNode>> = {
    sick: <Trans>休む（病気・けが）</Trans>,
    home: <Trans>休む（家の用事など）</Trans>,
    late: <Trans>おくれる</Trans>,
    early: <Trans>早く帰る</Trans>,
    mourning: <Trans>休む（忌引：お葬式など）</Trans>,
    other: <Trans>そのほか</Trans>,
  }
  return words[tile]
}

export function SaidWords({ said }: { readonly said: Pick<Telling, 'kind' | 'reason'> }) {
  const tile = tileOf(said)
  return tile === null ? <Trans>連絡</Trans> : <TileWords tile={tile} />
}

export function DaysWords({ said: { since, until }, today }: { readonly said: Pick<Telling, 'since' | 'until'>; readonly today: Day }) {
  const { day } = useDays()
  const last = addDays(until, -1)
  const [from, to] = [day(since), day(last)]
  if (last !== since)
    return (
      <Trans>
        {from}から{to}まで
      </Trans>
    )
  if (since === today) return <Trans>きょう {from}</Trans>
  return since === addDays(today, 1) ? <Trans>あした {from}</Trans> : <Ruby>{from}</Ruby>
}
