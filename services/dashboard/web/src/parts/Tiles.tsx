import { Trans } from '@lingui/react/macro'
import { FieldError, Label, RadioButton, RadioField, RadioGroup } from 'react-aria-components'
import type { ReactNode } from 'react'
import field from './TextLine.module.css'
import styles from './Tiles.module.css'

export interface Tile {
  readonly value: string
  readonly content: ReactNode
  /** The key that chooses it, shown on the tile. */
  readonly shortcut?: string
}

interface TilesProps {
  readonly label: string
  readonly tiles: readonly Tile[]
  /** Says 必須, in a form whose other fields say whether they are. */
  readonly required?: boolean
  /** Nothing is chosen for the person: null until they do. */
  readonly value: string | null
  readonly onChange: (value: string) => void
  /** What to do, when the form went on without a choice. */
  readonly wrong?: string | undefined
}

/** A choice among a few, as tiles large enough for a finger. */
export function Tiles({ label, tiles, required = false, value, onChange, wrong }: TilesProps) {
  return (
    <RadioGroup className={styles.group!} value={value} onChange={onChange} isInvalid={wrong !== undefined && value === null}>
      <Label className={styles.label}>
        {label}
        {required && (
          <span className={field.need}>
            <Trans>必須</Trans>
          </span>
        )}
      </Label>
      <div className={styles.tiles}>
        {tiles.map((tile) => (
          <RadioField key={tile.value} value={tile.value}>
            <RadioButton className={styles.tile!}>
              {tile.content}
              {tile.shortcut !== undefined && <kbd className={styles.key}>{tile.shortcut}</kbd>}
            </RadioButton>
          </RadioField>
        ))}
      </div>
      <FieldError className={field.wrong!}>{wrong}</FieldError>
    </RadioGroup>
  )
}
