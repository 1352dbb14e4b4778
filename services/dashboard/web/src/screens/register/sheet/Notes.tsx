import { Trans } from '@lingui/react/macro'
import { Block } from '~/parts/Block'
import { fullName } from '~/parts/Name'
import type { Register } from './data'
import styles from './Page.module.css'

/** 備考: closures of the class, and who came and left. */
export function Notes({ register }: { readonly register: Register }) {
  const movers = register.lines.filter(({ notes }) => notes.length > 0)
  if (!movers.length && !register.notes.length) return null
  return (
    <Block title={<Trans>備考</Trans>}>
      <ul className={styles.notes}>
        {register.notes.map((note) => (
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
