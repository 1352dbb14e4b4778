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
  /** True puts the reading above each part. */
  readonly ruby?: boolean
}

/** A name. Screen readers, search and tests meet the written name once; the reading is for the eye. */
export function Name({ person, ruby = false }: NameProps) {
  if (!person || !ruby || !person.family_kana) return <span className={styles.name}>{fullName(person)}</span>
  return (
    <span className={styles.name}>
      <span className={styles.unseen}>{fullName(person)}</span>
      <span aria-hidden="true">
        <Part written={person.family} reading={person.family_kana} />
        {THIN_SPACE}
        <Part written={person.given} reading={person.given_kana} />
      </span>
    </span>
  )
}

/** Family and given name apart, or the reading of one would stand over the other; none over what reads so anyway. */
function Part({ written, reading }: { readonly written: string; readonly reading: string }) {
  if (!reading || plainKana(reading) === plainKana(written)) return written
  return (
    <ruby>
      {written}
      <rt>{reading}</rt>
    </ruby>
  )
}

/** Kana alone, as hiragana, without what only parts words. */
function plainKana(text: string): string {
  return text.replace(/[\s・＝=]/gu, '').replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
}
