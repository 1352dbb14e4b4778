import { Trans, useLingui } from '@lingui/react/macro'
import { Fragment, useState, type KeyboardEvent, type ReactNode } from 'react'
import { Input, Label, RadioButton, RadioField, RadioGroup, TextField } from 'react-aria-components'
import type { Person } from '~/api/types'
import { holdImeEnter, isEnter } from '~/grid/ime'
import { folded } from './fold'
import { fullName, kanaOf } from './Name'
import field from './TextLine.module.css'
import tiles from './Tiles.module.css'
import styles from './PickPerson.module.css'

export interface Pick {
  readonly person: Person
  /** What helps to choose: what they hold, where they are. */
  readonly note?: ReactNode
  /** Of the same heading as those beside it in the list. */
  readonly group?: string
}

interface PickPersonProps {
  readonly label: string
  readonly people: readonly Pick[]
  readonly value: string | null
  readonly onChange: (person: string) => void
  /** Asked when the text changes, to find people who are not in the list. */
  readonly onFind?: (text: string) => void
  /** True where choosing somebody is what the dialog is for: the search has the focus at once. */
  readonly first?: boolean
}

/** One person out of a list in kana order, narrowed by name or reading. Enter takes the only one who is left. */
export function PickPerson({ label, people, value, onChange, onFind, first = false }: PickPersonProps) {
  const { t } = useLingui()
  const [text, setText] = useState('')
  const fitting = people.filter(({ person }) => fits(person, text))
  const shown = people.filter((one) => one.person.id === value || fitting.includes(one))
  const groups = new Set(shown.map(({ group }) => group)).size > 1

  /** An Enter in the search never sends the form with somebody who was chosen before it. */
  function onKeyDown(event: KeyboardEvent) {
    holdImeEnter(event.nativeEvent)
    if (!isEnter(event.nativeEvent) || text.trim() === '' || fitting.some(({ person }) => person.id === value)) return
    event.preventDefault()
    if (fitting.length === 1) onChange(fitting[0]!.person.id)
  }

  return (
    <div className={styles.pick}>
      <TextField
        className={field.field!}
        // The dialog was opened to choose somebody.
        autoFocus={first}
        value={text}
        onChange={(next) => {
          setText(next)
          onFind?.(next.trim())
        }}
      >
        <Label className={field.label}>{t`${label}をさがす`}</Label>
        <Input className={field.input!} type="text" autoComplete="off" onKeyDown={onKeyDown} />
      </TextField>
      <RadioGroup className={styles.list!} value={value} onChange={onChange} aria-label={label}>
        {shown.length === 0 && (
          <p className={styles.none}>
            <Trans>「{text}」に合う人はいません。</Trans>
          </p>
        )}
        {shown.map(({ person, note, group }, i) => (
          <Fragment key={person.id}>
            {groups && group !== shown[i - 1]?.group && <p className={styles.group}>{group}</p>}
            <RadioField value={person.id}>
              <RadioButton className={`${tiles.tile} ${styles.person}`}>
                <span className={styles.who}>
                  {fullName(person)}
                  <span className={styles.kana} aria-hidden="true">
                    {kanaOf(person)}
                  </span>
                </span>
                {note !== undefined && <span className={styles.note}>{note}</span>}
              </RadioButton>
            </RadioField>
          </Fragment>
        ))}
      </RadioGroup>
    </div>
  )
}

/** Name or reading has what was typed, as every search compares them. */
export function fits(person: Person, text: string): boolean {
  const asked = folded(text)
  return asked === '' || folded(fullName(person)).includes(asked) || folded(kanaOf(person)).includes(asked)
}
