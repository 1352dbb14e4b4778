import { Trans } from '@lingui/react/macro'
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react'
import { holdImeEnter } from '~/grid/ime'
import styles from './TextLine.module.css'

interface About {
  readonly label: ReactNode
  /** How to write it; said with the field. */
  readonly hint?: ReactNode
  /** What is wrong and what to do, from the service or from the form. */
  readonly wrong?: string | undefined
  /** `true` 必須, `false` 任意; absent where it is no form (filters). */
  readonly required?: boolean
}

interface FrameProps extends About {
  readonly children: (given: { readonly id: string; readonly 'aria-describedby'?: string; readonly 'aria-invalid'?: true }) => ReactNode
}

/** Label above, 必須 or 任意 in words, hint, what is wrong (DADS order). */
function FieldFrame({ label, hint, wrong, required, children }: FrameProps) {
  const id = useId()
  const told = [hint !== undefined && `${id}-hint`, wrong !== undefined && `${id}-wrong`].filter(Boolean).join(' ')
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
        {required !== undefined && (
          <span className={styles.need} data-free={required ? undefined : ''}>
            {required ? <Trans>必須</Trans> : <Trans>任意</Trans>}
          </span>
        )}
      </label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {children({ id, ...(told ? { 'aria-describedby': told } : {}), ...(wrong === undefined ? {} : { 'aria-invalid': true as const }) })}
      {wrong !== undefined && (
        <p id={`${id}-wrong`} className={styles.wrong}>
          {wrong}
        </p>
      )}
    </div>
  )
}

type FieldProps = About & Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'id' | 'required' | 'onChange'> & { readonly onChange: (value: string) => void }

/** A line of a form. */
export function Field({ label, hint, wrong, required, onChange, ...rest }: FieldProps) {
  return (
    <FieldFrame {...{ label, hint, ...(wrong === undefined ? {} : { wrong }), ...(required === undefined ? {} : { required }) }}>
      {(given) => (
        <input autoComplete="off" {...rest} {...given} className={styles.input} onChange={(event) => onChange(event.target.value)} onKeyDown={(event) => holdImeEnter(event.nativeEvent)} />
      )}
    </FieldFrame>
  )
}

export interface Option {
  readonly value: string
  readonly word: string
}

type ChooseProps = About & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'className' | 'id' | 'required' | 'onChange' | 'children'> & { readonly options: readonly Option[]; readonly onChange: (value: string) => void }

/** A choice among more than fits tiles: the platform's own list. */
export function Choose({ label, hint, wrong, required, options, onChange, ...rest }: ChooseProps) {
  return (
    <FieldFrame {...{ label, hint, ...(wrong === undefined ? {} : { wrong }), ...(required === undefined ? {} : { required }) }}>
      {(given) => (
        <select {...rest} {...given} className={styles.input} onChange={(event) => onChange(event.target.value)}>
          {options.map(({ value, word }) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  )
}
