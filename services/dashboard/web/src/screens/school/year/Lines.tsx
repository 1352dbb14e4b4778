import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { readBlock, writeBlock } from '~/grid/paste'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { gradeWord } from '~/parts/grades'
import { PlanLines } from '~/parts/PlanLines'
import { Refused } from '~/parts/Refused'
import { Consequence } from './Consequence'
import { KEY, yearPath, type Changed, type Consequences, type SchoolYear } from './data'
import panel from '~/parts/Panel.module.css'

interface LinesProps {
  readonly year: SchoolYear
  readonly text: string
  readonly onText: (text: string) => void
  /** What was saved last, and the way back: it stands where it was saved. */
  readonly done: ReactNode
  readonly onSaved: () => void
}

/** Lines of a plan, typed or pasted: nothing changes before what they would do was looked at. */
export function Lines({ year, text, onText, done: saved, onSaved }: LinesProps) {
  const { t } = useLingui()
  const { send, sending, error, forget } = useCommand<Changed>(useMe().person.id)
  const queries = useQueryClient()
  // What is saved is what was looked at: a year that has changed since is refused, not overwritten.
  const [look, setLook] = useState<{ readonly told: Consequences; readonly seen: string } | null>(null)
  const path = yearPath(year.school.id, year.school_year)
  const body = (lines: string, seen: string, dry: boolean) => ({ rows: readBlock(lines), seen, dry })
  const reasons = Object.values(year.reasons).join(t`・`)
  const whom = [...Object.keys(year.days_of_grades).map(gradeWord), ...year.classes.map(({ name }) => name)]
  const name = year.school.name

  function write(next: string) {
    forget()
    onText(next)
  }

  async function consider(lines: string) {
    if (sending || lines.trim() === '') return
    const seen = year.revision
    const told = (await send(path, body(lines, seen, true)))?.schools[0]
    setLook(told ? { told, seen } : null)
    if (!told) await queries.invalidateQueries({ queryKey: [KEY, year.school.id] })
  }

  async function save() {
    if (sending || look === null) return
    const done = await send(path, body(text, look.seen, false))
    setLook(null)
    if (done !== null) onText('')
    await queries.invalidateQueries({ queryKey: [KEY, year.school.id] })
    if (done !== null) onSaved()
  }

  return (
    <Block title={<Trans>予定を入れる・変える</Trans>}>
      <PlanLines text={text} onText={write} kinds={year.kinds} whom={whom} onDone={(lines) => void consider(lines)} />
      <Refused error={error} />
      {saved}
      <div className={panel.bar}>
        <Button look="filled" onPress={() => void consider(text)} shortcut="Ctrl+Enter" off={text.trim() === '' ? t`予定を書いてください` : undefined}>
          <Trans>変わることを確かめる</Trans>
        </Button>
        {year.template.length > 0 && (
          <Button onPress={() => write(writeBlock(year.template))}>
            <Trans>市の年間予定を入れる</Trans>
          </Button>
        )}
      </div>
      <ul className={panel.hint}>
        <li>
          <Trans>対象を空けると全校です。1・2年のように学年を、臨時休業は学級も書けます。</Trans>
        </li>
        <li>
          <Trans>授業日を 4/8〜7/20 のように書くと、その間の月曜から金曜までが授業日になります。</Trans>
        </li>
        <li>
          <Trans>臨時休業の内容は、{reasons}から選びます。</Trans>
        </li>
      </ul>
      {look && (
        <Consequence
          title={<Trans>{name}の年間予定を変える</Trans>}
          act={<Trans>この年間予定にする</Trans>}
          lines={readBlock(text)}
          look={look.told}
          year={year}
          onSave={() => void save()}
          onClose={() => setLook(null)}
        />
      )}
    </Block>
  )
}
