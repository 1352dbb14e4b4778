import type { ReactNode } from 'react'
import styles from './DialogButtons.module.css'

/** The row of buttons at the end of a question: the act first, then the way out. */
export function DialogButtons({ children }: { readonly children: ReactNode }) {
  return <div className={styles.buttons}>{children}</div>
}
