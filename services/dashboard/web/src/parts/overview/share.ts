import { t } from '@lingui/core/macro'

/** A share in whole per cent, as it is read aloud; never 0 where there is somebody. */
export function percent(share: number): string {
  return share > 0 && share < 0.01 ? t`1%未満` : `${Math.round(100 * share)}%`
}

export function shareOf(n: number | null, of: number | null): string | null {
  return n === null || of === null || of === 0 ? null : percent(n / of)
}
