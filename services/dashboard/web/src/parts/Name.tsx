import type { Person } from '~/api/types'
import styles from './Name.module.css'

const THIN_SPACE = '\u2009'
/** Shown while a name card has not arrived yet. */
export const NO_NAME = '―'

/** Family name before given name, one thin space; the dash while the card is missing. */
export function fullName(person: Person | null): string {
  const parts = person ? [person.family, person.given].filter(Boolean) : []
  return parts.length ? parts.join(THIN_SPACE) : NO_NAME
}

export function kanaOf(person: Person): string {
  return [person.family_kana, person.given_kana].filter(Boolean).join(THIN_SPACE)
}

interface NameProps {
  readonly person: Person | null
  /** `ruby`: reading above each part; `line`: a small line of its own; `plain`: no reading. */
  readonly reading?: 'ruby' | 'line' | 'plain'
}

/** A name. Screen readers, search and tests meet the written name once; the reading is for the eye. */
export function Name({ person, reading = 'plain' }: NameProps) {
  if (!person || !person.family_kana || reading === 'plain') return <span className={styles.plain}>{fullName(person)}</span>
  if (reading === 'line')
    return (
      <span className={styles.lined}>
        <span className={styles.plain}>{fullName(person)}</span>
        <span className={styles.kana} aria-hidden="true">
          {kanaOf(person)}
        </span>
      </span>
    )
  return (
    <span className={styles.plain}>
      <span className={styles.unseen}>{fullName(person)}</span>
      <span aria-hidden="true">
        <ruby>
          {person.family}
          <rt>{person.family_kana}</rt>
        </ruby>
        {THIN_SPACE}
        <ruby>
          {person.given}
          <rt>{person.given_kana}</rt>
        </ruby>
      </span>
    </span>
  )
}
