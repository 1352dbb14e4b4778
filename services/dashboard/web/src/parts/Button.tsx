import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components'
import type { ReactNode } from 'react'
import styles from './Button.module.css'

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children' | 'isDisabled'> {
  /** `filled` once a screen; `line` for the others; `text` inside lines and tables. */
  readonly look?: 'filled' | 'line' | 'text'
  readonly size?: 'large' | 'medium' | 'small'
  readonly children: ReactNode
  /** Why it cannot be pressed now; said on focus. Without it the button works. */
  readonly off?: string | undefined
  /** The key that does the same, shown beside the words. */
  readonly shortcut?: string | undefined
}

export function Button({ look = 'line', size = 'medium', off, shortcut, children, onPress, ...rest }: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      {...(off === undefined ? (onPress ? { onPress } : {}) : { 'aria-disabled': true, 'aria-description': off })}
      className={styles.button!}
      data-look={look}
      data-size={size}
      data-off={off === undefined ? undefined : ''}
    >
      {children}
      {shortcut !== undefined && <kbd className={styles.key}>{shortcut}</kbd>}
    </AriaButton>
  )
}
