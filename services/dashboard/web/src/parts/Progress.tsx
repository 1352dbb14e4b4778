import type { ReactNode } from 'react'
import styles from './Progress.module.css'

interface ProgressProps {
  /** What goes on, and how far in words: 「3 / 12 校」. */
  readonly label: string
  /** 0 to 100; null while nobody can say. */
  readonly value: number | null
  /** That it may be left, whose turn it is. */
  readonly children?: ReactNode
}

/** How far long work is. */
export function Progress({ label, value, children }: ProgressProps) {
  return (
    <div className={styles.progress}>
      <p className={styles.label} role="status">
        {label}
      </p>
      <div
        className={styles.bar}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(value === null ? {} : { 'aria-valuenow': value })}
        data-open={value === null ? '' : undefined}
      >
        <span style={{ width: `${value ?? 30}%` }} />
      </div>
      {children !== undefined && <p className={styles.note}>{children}</p>}
    </div>
  )
}
