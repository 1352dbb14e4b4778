import { createContext, useContext, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import styles from './Frame.module.css'

/** The element of the top line that takes the name of the screen. */
export const TitleSlot = createContext<HTMLElement | null>(null)

/** The page's heading, in the frame's top line. */
export function Title({ children }: { readonly children: ReactNode }) {
  const slot = useContext(TitleSlot)
  return slot ? createPortal(<h1 className={styles.title}>{children}</h1>, slot) : null
}
