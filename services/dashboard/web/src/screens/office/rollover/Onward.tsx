import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Choose } from '~/parts/Field'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { BASE, onwardQuery } from './data'
import type { Onward as Page } from './types'
import panel from '~/parts/Panel.module.css'
import styles from './rollover.module.css'

const NOWHERE = ''

/** 通学区域: where the graduates of each school go, unless somebody has said so of a child. */
export function Onward({ year }: { readonly year: string }) {
  const { data } = useRead(onwardQuery(year))
  if (!data?.schools.length) return null
  return <Form page={data} year={year} />
}

function Form({ page, year }: { readonly page: Page; readonly year: string }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<Page>(me.person.id)
  const seen = Object.fromEntries(page.schools.map(({ school, next_school: next }) => [school, next]))
  const [told, setTold] = useState<Readonly<Record<string, string | null>>>({})
  const [kept, setKept] = useState(false)
  const changed = Object.entries(told).filter(([school, next]) => next !== seen[school])

  async function save() {
    if (sending || !changed.length) return
    const schools = changed.map(([school]) => school)
    const answer = await send(`${BASE}/${year}/onward`, { seen: Object.fromEntries(schools.map((school) => [school, seen[school]])), told: Object.fromEntries(changed) })
    if (!answer) return
    setTold({})
    setKept(true)
    queries.setQueryData(onwardQuery(year).queryKey, answer)
  }

  return (
    <Block title={<Trans>卒業生の進む学校</Trans>} aside={<Trans>一人ひとりの進学先が取り込まれていれば、そちらが先です</Trans>}>
      <div className={styles.onward}>
        {page.schools.map(({ school, name, next_school: next, choices }) => (
          <Choose
            key={school}
            label={name}
            value={(school in told ? told[school] : next) ?? NOWHERE}
            onChange={(value) => {
              setKept(false)
              setTold({ ...told, [school]: value === NOWHERE ? null : value })
            }}
            options={[{ value: NOWHERE, word: t`決まっていない` }, ...choices.map((id) => ({ value: id, word: page.names[id] ?? '' }))]}
          />
        ))}
      </div>
      <Refused error={error} />
      {kept && (
        <Strip kind="good" live>
          <Trans>保存しました。もう一度確かめると、見通しに入ります。</Trans>
        </Strip>
      )}
      <div className={panel.bar}>
        <Button onPress={() => void save()} {...(sending ? { off: t`保存しています` } : changed.length ? {} : { off: t`変えたところがありません` })}>
          <Trans>進む学校を保存</Trans>
        </Button>
      </div>
    </Block>
  )
}
