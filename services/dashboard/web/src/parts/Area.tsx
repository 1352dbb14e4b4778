import { useId, type KeyboardEvent, type ReactNode } from 'react'
import styles from './Area.module.css'
import field from './TextLine.module.css'

interface AreaProps {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly value: string
  readonly rows: number
  readonly onChange: (value: string) => void
  /** Cells of a table: no line is broken. */
  readonly cells?: boolean
  readonly onKeyDown?: (event: KeyboardEvent<HTMLTextAreaElement>) => void
}

/** Several lines of text. */
export function Area({ label, hint, value, rows, onChange, cells = false, onKeyDown }: AreaProps) {
  const id = useId()
  return (
    <div className={field.field}>
      <label className={field.label} htmlFor={id}>
        {label}
      </label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className={field.hint}>
          {hint}
        </p>
      )}
      <textarea
        id={id}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        className={styles.area}
        rows={rows}
        wrap={cells ? 'off' : 'soft'}
        value={value}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        {...(onKeyDown ? { onKeyDown } : {})}
      />
    </div>
  )
}
