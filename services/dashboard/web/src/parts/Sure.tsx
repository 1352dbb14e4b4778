import type { ReactNode } from 'react'
import styles from './Sure.module.css'

interface SureProps {
  readonly sure: boolean
  readonly onSure: (sure: boolean) => void
  readonly children: ReactNode
}

/** One more word from a person before something that hardly anybody wants. */
export function Sure({ sure, onSure, children }: SureProps) {
  return (
    <label className={styles.sure}>
      <input type="checkbox" checked={sure} onChange={({ target }) => onSure(target.checked)} />
      {children}
    </label>
  )
}
