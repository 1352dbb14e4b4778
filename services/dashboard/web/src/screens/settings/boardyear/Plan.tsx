import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Unsaved } from '~/app/Unsaved'
import { timeOf } from '~/dates/dates'
import { readBlock, writeBlock } from '~/grid/paste'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { PlanLines } from '~/parts/PlanLines'
import { gradeWord } from '~/parts/grades'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { KEY, type Applied, type BoardYear } from './data'
import panel from '~/parts/Panel.module.css'
import styles from './Page.module.css'

const GRADES = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'J1', 'J2', 'J3']

interface PlanProps {
  readonly year: BoardYear
  readonly path: string
  readonly onDirty: (dirty: boolean) => void
}

/** The plan in lines, typed or pasted. Saved, it is kept for the year; no school has it before it is applied. */
export function Plan({ year, path, onDirty }: PlanProps) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand<Applied>(useMe().person.id)
  // What is saved stands on what was read when the writing began: a plan that somebody else has saved since is told.
  const [draft, setDraft] = useState<{ readonly text: string; readonly seen: string } | null>(null)
  const saved = writeBlock(year.rows)
  const text = draft?.text ?? saved
  const dirty = draft !== null && draft.text.trim() !== saved.trim()
  const [who, at] = [year.said_by && fullName(year.said_by), timeOf(year.said_at, year.today)]

  function write(next: string) {
    forget()
    setDraft({ text: next, seen: draft?.seen ?? year.revision })
    onDirty(next.trim() !== saved.trim())
  }

  function drop() {
    forget()
    setDraft(null)
    onDirty(false)
  }

  async function save(lines: string) {
    if (sending || lines.trim() === saved.trim()) return
    const done = await send(path, { rows: readBlock(lines.trim()), seen: draft?.seen ?? year.revision, schools: [], dry: false })
    await queries.invalidateQueries({ queryKey: [KEY] })
    if (done !== null) drop()
  }

  return (
    <div className={styles.screenOnly}>
      <Block
        title={<Trans>計画を書く</Trans>}
        aside={
          who ? (
            <Trans>
              {who}さんが {at} に保存
            </Trans>
          ) : undefined
        }
      >
        {year.rows.length === 0 && (
          <Strip kind="plain">
            <Trans>この年度の計画は、まだありません。授業日・長期休業・学期など、どの学校にも当てはまることを書いて保存してください。</Trans>
          </Strip>
        )}
        <PlanLines text={text} onText={write} kinds={year.kinds} whom={GRADES.map(gradeWord)} onDone={(lines) => void save(lines)} label={t`市の年間予定（1行に1つ）`} rows={Math.min(16, Math.max(6, year.rows.length + 2))} />
        <Refused error={error} />
        <div className={panel.bar}>
          <Button look={dirty ? 'filled' : 'line'} onPress={() => void save(text)} shortcut="Ctrl+Enter" off={dirty ? undefined : t`変えたところがありません`}>
            <Trans>保存する</Trans>
          </Button>
          {dirty && (
            <Button onPress={drop}>
              <Trans>保存してある計画に戻す</Trans>
            </Button>
          )}
          <span className={panel.note} role="status">
            {dirty && <Trans>まだ保存していません</Trans>}
          </span>
        </div>
        <ul className={panel.hint}>
          <li>
            <Trans>保存しただけでは、学校の年間予定は変わりません。下で学校を選んであてます。</Trans>
          </li>
          <li>
            <Trans>対象を空けると全校です。1・2年や中1のように学年を書くと、その学年のある学校だけにあてます。</Trans>
          </li>
          <li>
            <Trans>臨時休業は、学校の年間予定に入れます。</Trans>
          </li>
        </ul>
        {dirty && <Unsaved title={<Trans>市の年間予定をまだ保存していません</Trans>} onDrop={drop} />}
      </Block>
    </div>
  )
}
