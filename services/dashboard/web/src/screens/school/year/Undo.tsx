import { Plural, Trans } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import { LastChange } from '~/parts/LastChange'
import { fullName } from '~/parts/Name'
import { Consequence } from './Consequence'
import { KEY, yearPath, type Changed, type Consequences, type SchoolYear } from './data'
import styles from './Page.module.css'

interface UndoProps {
  readonly year: SchoolYear
  readonly undo: NonNullable<SchoolYear['undo']>
  /** It was done just now, where this stands: it comes into sight. */
  readonly here?: boolean
}

/** What was done last to the year, and the way back while nothing else has changed. */
export function Undo({ year, undo, here = false }: UndoProps) {
  const shown = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (here) shown.current?.scrollIntoView({ block: 'nearest' })
  }, [here])
  const { send, sending, error } = useCommand<Changed>(useMe().person.id)
  const queries = useQueryClient()
  const [look, setLook] = useState<Consequences | null>(null)
  const [who, at, name] = [fullName(undo.by), timeOf(undo.at, year.today), year.school.name]
  const path = `${yearPath(year.school.id, year.school_year)}/undo`

  async function consider() {
    if (!sending) setLook((await send(path, { change: undo.id, dry: true }))?.schools[0] ?? null)
  }

  async function back() {
    if (sending) return
    await send(path, { change: undo.id, dry: false })
    setLook(null)
    await queries.invalidateQueries({ queryKey: [KEY, year.school.id] })
  }

  return (
    <div ref={shown} className={styles.undo}>
      <LastChange error={error} onUndo={() => void consider()} much={<Plural value={undo.lines} other="（#行）" />}>
        <Trans>
          {who}さんが {at} に、年間予定を変えました
        </Trans>
      </LastChange>
      {look && (
        <Consequence
          title={<Trans>{name}の年間予定を元に戻す</Trans>}
          act={<Trans>元に戻す</Trans>}
          look={look}
          year={year}
          onSave={() => void back()}
          onClose={() => setLook(null)}
        />
      )}
    </div>
  )
}
