import { Trans, useLingui } from '@lingui/react/macro'
import { monthOf } from './rules'
import type { Rule } from './data'
import type { Day } from '~/dates/dates'

/** What a rule counts, in a sentence. */
export function Counting({ rule: { kind, days, excused } }: { readonly rule: Pick<Rule, 'kind' | 'days' | 'excused'> }) {
  if (kind === 'row') return excused ? <Trans>授業日で{days}日続けて休んだとき（病欠も数える）</Trans> : <Trans>授業日で{days}日続けて休んだとき（病欠は数えない）</Trans>
  return excused ? <Trans>1年度に{days}日休んだとき（病欠も数える）</Trans> : <Trans>1年度に{days}日休んだとき（病欠は数えない）</Trans>
}

/** A number of the whole city. */
export function AtLeast({ of }: { readonly of: number }) {
  return of === 0 ? '―' : <Trans>{of}人以上</Trans>
}

export function Month({ of }: { readonly of: Day }) {
  const { t } = useLingui()
  const month = monthOf(of)
  return t`${month}月`
}
