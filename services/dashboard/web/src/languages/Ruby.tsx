import type { TransRenderProps } from '@lingui/react'
import { Fragment, type ReactNode } from 'react'
import { isMarked, pieces, plain } from './ruby'
import styles from './Ruby.module.css'

/** Words with the readings that were written into them: once for the eye, and once, without them, for everything else. */
export function Ruby({ children }: { readonly children: string }) {
  if (!isMarked(children)) return children
  return (
    <span className={styles.said}>
      <span className={styles.unseen}>{plain(children)}</span>
      <span aria-hidden="true">
        {pieces(children).map(({ text, reading }, i) =>
          reading === undefined ? (
            <Fragment key={i}>{text}</Fragment>
          ) : (
            <ruby key={i}>
              {text}
              <rt>{reading}</rt>
            </ruby>
          ),
        )}
      </span>
    </span>
  )
}

/** What <Trans> of families' pages draws. */
export function Said({ translation }: TransRenderProps): ReactNode {
  const parts = Array.isArray(translation) ? (translation as readonly ReactNode[]) : [translation]
  return parts.map((part, i) => (typeof part === 'string' ? <Ruby key={i}>{part}</Ruby> : <Fragment key={i}>{part}</Fragment>))
}
