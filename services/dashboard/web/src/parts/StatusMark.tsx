import type { Tint } from '~/api/types'
import styles from './StatusMark.module.css'

interface StatusMarkProps {
  /** One character of the board's list; may be empty. */
  readonly glyph: string
  readonly word: string
  readonly tint: Tint
}

/** A mark of the day: glyph and word on its tint, never colour alone. 出席 has no colour. */
export function StatusMark({ glyph, word, tint }: StatusMarkProps) {
  return (
    <span className={styles.mark} data-tint={tint}>
      {glyph !== '' && glyph !== word && (
        <span className={styles.glyph} aria-hidden="true">
          {glyph}
        </span>
      )}
      {word}
    </span>
  )
}
