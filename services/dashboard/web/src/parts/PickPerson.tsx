import { Trans, useLingui } from '@lingui/react/macro'
import { useState, type ReactNode } from 'react'
import { Input, Label, RadioButton, RadioField, RadioGroup, TextField } from 'react-aria-components'
import type { Person } from '~/api/types'
import { holdImeEnter } from '~/grid/ime'
import { fullName, kanaOf } from './Name'
import field from './TextLine.module.css'
import tiles from './Tiles.module.css'
import styles from './PickPerson.module.css'

export interface Pick {
  readonly person: Person
  /** What helps to choose: what they hold, where they are. */
  readonly note?: ReactNode
}

interface PickPersonProps {
  readonly label: string
  readonly people: readonly Pick[]
  readonly value: string | null
  readonly onChange: (person: string) => void
  /** Asked when the text changes, to find people who are not in the list. */
  readonly onFind?: (text: string) => void
}

/** One person out of a list, narrowed by name or reading. */
export function PickPerson({ label, people, value, onChange, onFind }: PickPersonProps) {
  const { t } = useLingui()
  const [text, setText] = useState('')
  const shown = people.filter(({ person }) => person.id === value || fits(person, text))
  return (
    <div className={styles.pick}>
      <TextField
        className={field.field!}
        value={text}
        onChange={(next) => {
          setText(next)
          onFind?.(next.trim())
        }}
      >
        <Label className={field.label}>{t`${label}をさがす`}</Label>
        <Input className={field.input!} type="text" autoComplete="off" onKeyDown={(event) => holdImeEnter(event.nativeEvent)} />
      </TextField>
      <RadioGroup className={styles.list!} value={value} onChange={onChange} aria-label={label}>
        {shown.length === 0 && (
          <p className={styles.none}>
            <Trans>「{text}」に合う人はいません。</Trans>
          </p>
        )}
        {shown.map(({ person, note }) => (
          <RadioField key={person.id} value={person.id}>
            <RadioButton className={`${tiles.tile} ${styles.person}`}>
              <span>{fullName(person)}</span>
              {note !== undefined && <span className={styles.note}>{note}</span>}
            </RadioButton>
          </RadioField>
        ))}
      </RadioGroup>
    </div>
  )
}

/** Name or reading begins with, or has, what was typed; blanks and the script of kana aside. */
export function fits(person: Person, text: string): boolean {
  const bare = (word: string) => word.normalize('NFKC').replace(/\s/gu, '').replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
  const asked = bare(text)
  return asked === '' || bare(fullName(person)).includes(asked) || bare(kanaOf(person)).includes(asked)
}
