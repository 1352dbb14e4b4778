import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes } from 'react'
import styles from './Button.module.css'

interface Looks extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly look?: 'filled' | 'line'
  readonly size?: 'large' | 'medium' | 'small'
}

function Anchor({ look = 'line', size = 'medium', ...rest }: Looks) {
  return <a {...rest} className={styles.button} data-look={look} data-size={size} />
}

/** A place to go that looks like a button. */
export const LinkButton = createLink(Anchor)

/** The same for addresses that are not screens of ours (sign-in). */
export { Anchor as PlainLinkButton }
