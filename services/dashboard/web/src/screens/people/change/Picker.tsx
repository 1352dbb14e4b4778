import { Trans, useLingui } from '@lingui/react/macro'
import { useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import { peopleQuery, type Hat } from '~/api/people'
import type { Person } from '~/api/types'
import { Field } from '~/parts/Field'
import { fullName } from '~/parts/Name'
import { PersonLine } from '~/parts/PersonLine'
import styles from './Page.module.css'

interface PickerProps {
  readonly label: string
  readonly hats: readonly Hat[]
  readonly chosen: Person | null
  readonly onChoose: (person: Person | null) => void
  readonly wrong: string | undefined
}

/** One person out of those this reader may see, by name or reading. */
export function Picker({ label, hats, chosen, onChoose, wrong }: PickerProps) {
  const { t } = useLingui()
  const [q, setQ] = useState('')
  const found = useQueries({
    queries: hats.map((hat) => ({ ...peopleQuery({ q: q.trim(), hat, rows: 8 }), enabled: q.trim().length > 1 })),
    combine: (answers) => answers.flatMap(({ data }) => data?.people ?? []),
  })
  const name = chosen ? fullName(chosen) : ''
  return (
    <div className={styles.picker}>
      <Field label={label} type="search" value={q} onChange={setQ} hint={<Trans>名前かよみを2文字から</Trans>} {...(wrong === undefined ? {} : { wrong })} />
      {chosen && (
        <p className={styles.whom}>
          <Trans>選んだ人: {name}</Trans>
        </p>
      )}
      {q.trim().length > 1 && found.length > 0 && (
        <ul className={styles.found} aria-label={t`見つかった人`}>
          {found.map((one) => (
            <li key={`${one.hat} ${one.person.id}`}>
              <button
                type="button"
                onClick={() => {
                  onChoose(one.person)
                  setQ('')
                }}
              >
                <PersonLine found={one} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
