import { Trans } from '@lingui/react/macro'
import type { Found } from '~/api/people'
import { kanaOf, Name } from './Name'
import styles from './PersonLine.module.css'

/** A person in one line: name, reading, where they belong. Namesakes are told apart by the month of birth. */
export function PersonLine({ found, month = false }: { readonly found: Found; readonly month?: boolean }) {
  const { person, school, school_class: of, number, birth_month, of: about } = found
  return (
    <span className={styles.line}>
      <span className={styles.name}>
        <Name person={person} />
      </span>
      <span className={styles.kana}>{kanaOf(person)}</span>
      <span className={styles.where}>
        {[school?.name, of?.name].filter(Boolean).join(' ')}
        {number !== null && (
          <>
            {' '}
            <Trans>{number}番</Trans>
          </>
        )}
        {found.hat === 'staff' && about}
        {found.hat === 'guardian' && <Trans>{about} の保護者</Trans>}
        {month && birth_month !== null && (
          <>
            {' '}
            <Trans>{birth_month}月生まれ</Trans>
          </>
        )}
      </span>
    </span>
  )
}

/** Whether two people in a list read alike, so that something more must tell them apart. */
export function namesakes(people: readonly Found[]): ReadonlySet<string> {
  const counted = new Map<string, number>()
  const key = ({ person }: Found) => `${person.family} ${person.given}`
  for (const one of people) counted.set(key(one), (counted.get(key(one)) ?? 0) + 1)
  return new Set(people.filter((one) => (counted.get(key(one)) ?? 0) > 1).map((one) => one.person.id))
}
