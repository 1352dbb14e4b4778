import { useLingui } from '@lingui/react'
import { Button } from '~/parts/Button'
import { LANGUAGES, speak } from '../language'
import styles from './Page.module.css'

/** The languages by their own names, never by flags. */
export function Languages() {
  const { i18n } = useLingui()
  return (
    <nav aria-label="Language" className={styles.languages}>
      {LANGUAGES.map(({ code, own, tag }) => (
        <Button key={code} look="text" size="small" lang={tag} aria-pressed={i18n.locale === code} onPress={() => void speak(code)}>
          {own}
        </Button>
      ))}
    </nav>
  )
}
