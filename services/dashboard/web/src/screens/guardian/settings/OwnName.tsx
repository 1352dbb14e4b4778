import type { Person } from '~/api/types'
import { useMe } from '~/app/me'
import { Ruby } from '~/languages/Ruby'
import { over } from '~/languages/ruby'
import { useSpeaking } from '~/languages/speaking'
import styles from './Page.module.css'

/** Whose pages these are; with the reading of the roster where readings are wanted. */
export function OwnName() {
  const { person } = useMe()
  const { language, furigana } = useSpeaking()
  const marks = furigana && language.kanji === true
  return (
    <p className={styles.who}>
      <strong>
        <Ruby>{nameOf(person, marks)}</Ruby>
      </strong>
    </p>
  )
}

function nameOf({ family, given, family_kana: familyKana, given_kana: givenKana }: Person, marks: boolean): string {
  return marks ? `${over(family, familyKana)} ${over(given, givenKana)}` : `${family} ${given}`
}
