import { PlainButton } from '~/parts/PlainButton'
import { LANGUAGES } from '~/languages/languages'
import { useSpeaking } from '~/languages/speaking'
import { useChoose } from '../choosing'
import styles from './Page.module.css'

/** The languages by their own names, never by flags. */
export function Languages() {
  const { language, furigana } = useSpeaking()
  const choose = useChoose()
  return (
    <nav aria-label="Language" className={styles.languages}>
      {LANGUAGES.map(({ code, own, tag, dir }) => (
        <PlainButton key={code} look="text" size="small" lang={tag} dir={dir} aria-pressed={language.code === code} onPress={() => void choose(code, furigana)}>
          {own}
        </PlainButton>
      ))}
    </nav>
  )
}
