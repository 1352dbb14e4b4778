import type { ButtonHTMLAttributes } from 'react'
import styles from './Button.module.css'

interface PlainButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'style' | 'onClick' | 'disabled'> {
  readonly look?: 'filled' | 'line' | 'text'
  readonly size?: 'large' | 'medium' | 'small'
  readonly onPress?: () => void
}

/** The browser's own button in our look: for first screens on old telephones, where every kilobyte is waited for. */
export function PlainButton({ look = 'line', size = 'medium', type = 'button', onPress, ...rest }: PlainButtonProps) {
  return <button {...rest} type={type} className={styles.button} data-look={look} data-size={size} {...(onPress ? { onClick: onPress } : {})} />
}
