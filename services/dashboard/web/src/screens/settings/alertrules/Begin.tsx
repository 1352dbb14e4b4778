import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import type { Day } from '~/dates/dates'
import { characters } from '~/grid/parse'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import panel from '~/parts/Panel.module.css'
import { KEY, PATH, type Rules } from './data'
import styles from './Page.module.css'

interface BeginProps {
  readonly trial: string
  /** The revision that the result was made beside. */
  readonly seen: string
  /** No rule is left that tells of seven days without a reason. */
  readonly warn: boolean
  /** Why it cannot begin yet: the draft was changed since it was tried. */
  readonly off: string | undefined
  readonly onBegun: (since: Day) => void
}

const LONGEST = 200

/** From which day on, and why. */
export function Begin({ trial, seen, warn, off, onBegun }: BeginProps) {
  const { t } = useLingui()
  const { person, today } = useMe()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<Rules>(person.id)
  const since = useDay(null)
  const [reason, setReason] = useState('')
  const missing = dayMissing(t`始まる日`, since, true)
  const why = off ?? (missing || (reason.trim() === '' ? t`わけを書いてください` : characters(reason) > LONGEST ? t`わけは${LONGEST}文字までです` : undefined))

  async function begin() {
    if (sending || since.day === null) return
    const done = await send(PATH, { trial, since: since.day, reason: reason.trim(), seen })
    await queries.invalidateQueries({ queryKey: [KEY] })
    if (done) onBegun(since.day)
  }

  return (
    <Block title={<Trans>この決まりを使う</Trans>}>
      <div className={styles.form}>
        <DayField label={t`始まる日`} required today={today} {...since.field} />
        <TextLine label={t`わけ（記録に残ります。子どもの名前は書きません）`} required max={LONGEST} value={reason} onChange={setReason} />
        <p className={panel.note}>
          <Trans>始まる日から、学校の「気がかりな欠席」はこの決まりで出ます。その前の日の画面は変わりません。始まる前なら取りやめられます。</Trans>
        </p>
        {warn && (
          <Strip kind="look">
            <Trans>病欠を除いて7日続けて休んだ子を知らせる決まりがありません。校長が市に知らせる定め（学校教育法施行令20条）は、決まりを外しても変わりません。</Trans>
          </Strip>
        )}
        <Refused error={error} />
        <div className={panel.bar}>
          <Button look="filled" off={why} onPress={() => void begin()}>
            <Trans>この日から使う</Trans>
          </Button>
          {off !== undefined && (
            <span className={panel.wait} role="status">
              {off}
            </span>
          )}
        </div>
      </div>
    </Block>
  )
}
