import { Trans, useLingui } from '@lingui/react/macro'
import { Input, Label, Text, TextField } from 'react-aria-components'
import { holdImeEnter } from '~/grid/ime'
import { characters } from '~/grid/parse'
import styles from './TextLine.module.css'

interface TextLineProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** Longest text, counted as people count characters. */
  readonly max: number
  readonly required?: boolean
  readonly autoFocus?: boolean
}

/** One line of text: label above, 必須 in words, counter below. */
export function TextLine({ label, value, onChange, max, required = false, autoFocus = false }: TextLineProps) {
  const { t } = useLingui()
  const n = characters(value)
  const over = n > max
  return (
    <TextField className={styles.field!} value={value} onChange={onChange} isInvalid={over} autoFocus={autoFocus}>
      <Label className={styles.label}>
        {label}
        <span className={styles.need} data-free={required ? undefined : ''}>
          {required ? <Trans>必須</Trans> : <Trans>任意</Trans>}
        </span>
      </Label>
      <Input className={styles.input!} type="text" autoComplete="off" onKeyDown={(event) => holdImeEnter(event.nativeEvent)} />
      <Text slot="description" className={styles.hint} data-over={over ? '' : undefined}>
        {over ? t`${max}文字までです。いま${n}文字` : t`${n} / ${max} 文字`}
      </Text>
    </TextField>
  )
}
