import { useLingui } from '@lingui/react/macro'
import type { Counts } from './data'
import { SUMS } from './words'
import styles from './Page.module.css'

interface SumsProps {
  readonly counts: Counts
  readonly sums: readonly (keyof Counts)[]
}

export function Head({ sums }: { readonly sums: readonly (keyof Counts)[] }) {
  const { i18n } = useLingui()
  return sums.map((name) => (
    <th key={name} scope="col" className={styles.sum} abbr={i18n._(SUMS[name]!.whole)} title={i18n._(SUMS[name]!.whole)}>
      {i18n._(SUMS[name]!.short)}
    </th>
  ))
}

/** The counted days at the end of a line. */
export function Sums({ counts, sums }: SumsProps) {
  return sums.map((name) => (
    <td key={name} className={styles.sum} data-sum={name} data-zero={counts[name] === 0 ? '' : undefined}>
      {counts[name]}
    </td>
  ))
}
