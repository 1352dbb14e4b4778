import { useLingui } from '@lingui/react/macro'
import { useRef, useState, type ReactNode } from 'react'
import { Field } from './Field'
import { isReading, reading } from './reading'

interface ReadingFieldProps {
  readonly label: ReactNode
  readonly required: boolean
  readonly value: string
  readonly onChange: (value: string) => void
  readonly maxLength?: number
  /** What the service said of it. */
  readonly wrong?: string | undefined
}

/** フリガナ: typed in any kana and width, and made katakana when one goes on; what nobody has touched stays. */
export function ReadingField({ value, onChange, wrong, ...rest }: ReadingFieldProps) {
  const { t } = useLingui()
  const typed = useRef(false)
  const [left, setLeft] = useState(false)
  const told = wrong ?? (left && !isReading(value) ? t`よみは、ひらがなかカタカナで書いてください` : undefined)
  return (
    <Field
      {...rest}
      value={value}
      onChange={(text) => {
        typed.current = true
        setLeft(false)
        onChange(text)
      }}
      onBlur={() => {
        setLeft(true)
        if (typed.current && reading(value) !== value) onChange(reading(value))
      }}
      wrong={told}
    />
  )
}
