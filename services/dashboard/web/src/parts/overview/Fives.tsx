import { Trans } from '@lingui/react/macro'
import './words'

/** A number of children that is told as the five it is in, by the lower end of that. */
export function Fives({ of }: { readonly of: number }) {
  const most = of + 4
  return of === 0 ? <Trans>5人未満</Trans> : <Trans>{of}〜{most}人</Trans>
}
