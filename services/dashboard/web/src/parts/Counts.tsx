import type { ReactNode } from 'react'
import styles from './Panel.module.css'

interface Count {
  readonly word: string
  readonly n: number
  /** 「/ 12」 and the like. */
  readonly of?: ReactNode
}

/** Numbers with their words; zeros step back. */
export function Counts({ counts }: { readonly counts: readonly Count[] }) {
  return (
    <dl className={styles.counts}>
      {counts.map(({ word, n, of }) => (
        <div key={word} data-zero={n === 0 ? '' : undefined}>
          <dt>{word}</dt>
          <dd>
            {n}
            {of}
          </dd>
        </div>
      ))}
    </dl>
  )
}
