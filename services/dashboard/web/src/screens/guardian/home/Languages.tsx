import { PlainButton } from '~/parts/PlainButton'
import { LANGUAGES } from '~/languages/languages'
import { keepSpeaking, speak, useSpeaking } from '~/languages/speaking'
import styles from './Page.module.css'

/** The languages by their own names, never by flags. */
export function Languages() {
  const { language, furigana } = useSpeaking()
  async function choose(code: string) {
    if (await speak(code, furigana)) keepSpeaking(code, furigana)
  }
  return (
    <nav aria-label="Language" className={styles.languages}>
      {LANGUAGES.map(({ code, own, tag, dir }) => (
        <PlainButton key={code} look="text" size="small" lang={tag} dir={dir} aria-pressed={language.code === code} onPress={() => void choose(code)}>
          {own}
        </PlainButton>
      ))}
    </nav>
  )
}
