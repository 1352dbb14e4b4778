import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { Input, Label, Text, TextField } from 'react-aria-components'
import { addDays, dayParts, workDay, type Day } from '~/dates/dates'
import { readDay } from '~/dates/read'
import { holdImeEnter } from '~/grid/ime'
import { Button } from './Button'
import field from './TextLine.module.css'
import styles from './DayField.module.css'

interface DayFieldProps {
  readonly label: string
  readonly value: Day | null
  /** Null while what is written is no day. */
  readonly onChange: (day: Day | null) => void
  readonly today: Day
  /** `true` 必須, `false` 任意; absent where it is no form. */
  readonly required?: boolean
  /** In a wrapping line with a button: the label beside the field, how to write it in the field. */
  readonly inline?: boolean
  /** What an empty field means, e.g. 「終わりを決めない」. */
  readonly empty?: string
}

/** A day: written as people write it, read back with its weekday. */
export function DayField({ label, value, onChange, today, required, inline = false, empty }: DayFieldProps) {
  const { t } = useLingui()
  const [text, setText] = useState(value === null ? '' : short(value))
  const blank = text.trim() === ''
  const wrong = !blank && value === null
  function write(next: string) {
    setText(next)
    onChange(readDay(next, today))
  }
  const set = (day: Day) => write(short(day))
  const said = value !== null ? workDay(value) : blank && empty !== undefined ? empty : wrong ? t`「${text}」は日付として読めません。11/21 のように書いてください` : inline ? '' : t`11/21 のように書いてください`
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
