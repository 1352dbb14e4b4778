import { t } from '@lingui/core/macro'
import { Trans } from '@lingui/react/macro'
import { useState } from 'react'
import { Input, Label, Text, TextField } from 'react-aria-components'
import { addDays, dayParts, workDay, type Day } from '~/dates/dates'
import { readDay, whyNoDay } from '~/dates/read'
import { holdImeEnter } from '~/grid/ime'
import { Button } from './Button'
import field from './TextLine.module.css'
import styles from './DayField.module.css'

interface DayFieldProps {
  readonly label: string
  readonly value: Day | null
  /** Null while what is written is no day; then with why, unless nothing is written. */
  readonly onChange: (day: Day | null, why: string | null) => void
  readonly today: Day
  /** `true` 必須, `false` 任意; absent where it is no form. */
  readonly required?: boolean
  /** In a wrapping line with a button: the label beside the field, how to write it in the field. */
  readonly inline?: boolean
  /** What an empty field means, e.g. 「終わりを決めない」. */
  readonly empty?: string
}

const EXAMPLE = '11/21'

/** What stands in a field for a day, for the form around it. */
export interface WrittenDay {
  readonly day: Day | null
  /** Why what is written is no day. */
  readonly why: string | null
}

/** A day's field and what it holds: `<DayField {...it.field} />`. */
export function useDay(first: Day | null) {
  const [written, setWritten] = useState<WrittenDay>({ day: first, why: null })
  return { ...written, field: { value: written.day, onChange: (day: Day | null, why: string | null) => setWritten({ day, why }) } }
}

/** What a form says of a day that is not there: what is wrong with it, or (`required`) that it is to be written. */
export function dayMissing(label: string, { day, why }: WrittenDay, required: boolean): string | false {
  if (why !== null) return t`${label}: ${why}`
  return required && day === null && t`${label}を書いてください`
}

/** A day: written as people write it, read back with its weekday. */
export function DayField({ label, value, onChange, today, required, inline = false, empty }: DayFieldProps) {
  const [text, setText] = useState(value === null ? '' : short(value))
  const blank = text.trim() === ''
  const wrong = !blank && value === null
  function write(next: string) {
    setText(next)
    const day = readDay(next, today)
    onChange(day, day === null && next.trim() !== '' ? whyNoDay(next, today, EXAMPLE) : null)
  }
  const set = (day: Day) => write(short(day))
  const said = value !== null ? workDay(value) : blank && empty !== undefined ? empty : wrong ? whyNoDay(text, today, EXAMPLE) : inline ? '' : t`11/21 のように書いてください`
  return (
    <TextField className={inline ? styles.inline! : field.field!} value={text} onChange={write} isInvalid={wrong}>
      <Label className={field.label}>
        {label}
        {required !== undefined && (
          <span className={field.need} data-free={required ? undefined : ''}>
            {required ? <Trans>必須</Trans> : <Trans>任意</Trans>}
          </span>
        )}
      </Label>
      <div className={styles.line}>
        <Input
          className={field.input!}
          type="text"
          autoComplete="off"
          inputMode="text"
          {...(inline ? { placeholder: t`例 11/21` } : {})}
          onKeyDown={(event) => holdImeEnter(event.nativeEvent)}
        />
        {!inline && (
          <>
            <Button size="small" onPress={() => set(today)}>
              <Trans>きょう</Trans>
            </Button>
            <Button size="small" onPress={() => set(addDays(today, 1))}>
              <Trans>あした</Trans>
            </Button>
          </>
        )}
      </div>
      {said !== '' && (
        <Text slot="description" className={`${field.hint} ${inline ? styles.said : ''}`} data-over={wrong ? '' : undefined}>
          {said}
        </Text>
      )}
    </TextField>
  )
}

function short(day: Day): string {
  const parts = dayParts(day)
  return parts ? `${parts.y}/${parts.m}/${parts.d}` : day
}
