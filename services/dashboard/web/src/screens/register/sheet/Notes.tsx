import { Trans } from '@lingui/react/macro'
import { Block } from '~/parts/Block'
import { fullName } from '~/parts/Name'
import type { Person } from '~/api/types'
import styles from './Page.module.css'

interface Line {
  readonly pupil: Person
  readonly number: number | null
  readonly notes: readonly string[]
}

/** 備考: what is to be said of the class (its closures), and who came and left. */
export function Notes({ ofClass = [], lines }: { readonly ofClass?: readonly string[]; readonly lines: readonly Line[] }) {
  const movers = lines.filter(({ notes }) => notes.length > 0)
  if (!movers.length && !ofClass.length) return null
  return (
    <Block title={<Trans>備考</Trans>}>
      <ul className={styles.notes}>
        {ofClass.map((note) => (
          <li key={note}>{note}</li>
        ))}
        {movers.map(({ pupil, number, notes }) => {
          const [name, told] = [fullName(pupil), notes.join('　')]
          return (
            <li key={pupil.id}>
              {number === null ? (
                <Trans>
                  {name} {told}
                </Trans>
              ) : (
                <Trans>
                  {number}番 {name} {told}
                </Trans>
              )}
            </li>
          )
        })}
      </ul>
    </Block>
  )
}
