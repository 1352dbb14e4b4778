import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Unsaved } from '~/app/Unsaved'
import type { Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { useDay } from '~/parts/DayField'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import { History } from '../History'
import { Save } from '../Save'
import { SettingsTabs } from '../SettingsTabs'
import '../words'
import { KEY, listsPath, listsQuery, type List, type Lists, type Told, type Version, type Which } from './data'
import { Rows } from './Rows'
import { same } from './rules'

/** 出席の記号と区分: what a roll is marked with, what stands beside a day, and how many days of 忌引 there are. */
export default function AttendancePage() {
  const { t } = useLingui()
  const { board } = useMe()
  const { data, error, again } = useRead(listsQuery(board.id))
  const [which, setWhich] = useState<Which>('symbols')
  const list = data?.lists.find((one) => one.which === which)
  useScreen(t`出席の記号と区分`)
  return (
    <div className={panel.screen}>
      <Place title={t`出席の記号と区分`} of={[board.name]} />
      <SettingsTabs />
      {data && list ? (
        <>
          <Tiles label={t`どの一覧`} value={which} onChange={(value) => setWhich(value as Which)} tiles={data.lists.map((one) => ({ value: one.which, content: one.name }))} />
          <Work key={which} list={list} lists={data} path={`${listsPath(board.id)}/${which}`} />
        </>
      ) : error ? (
        <CannotRead error={error} what={t`出席の記号と区分`} onRetry={again} />
      ) : (
        <LoadingRows rows={10} />
      )}
    </div>
  )
}

function Work({ list, lists, path }: { readonly list: List; readonly lists: Lists; readonly path: string }) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand<Lists>(useMe().person.id)
  const [draft, setDraft] = useState<(Told & { readonly seen: string }) | null>(null)
  const [turn, setTurn] = useState(0)
  const [kept, setKept] = useState<Day | null>(null)
  const first = list.which === 'bereavement' ? lists.today : list.first
  const since = useDay(first)
  const told: Told = draft ?? list
  const dirty = draft !== null && !same(draft, list)

  function write(next: Told, turned = false) {
    forget()
    setKept(null)
    setDraft({ rows: next.rows, holidays: next.holidays, seen: draft?.seen ?? list.revision })
    if (turned) setTurn(turn + 1)
  }

  function drop() {
    forget()
    setDraft(null)
    setKept(null)
    setTurn(turn + 1)
  }

  /** A version is written on from; what begins later, for its own day. */
  function use(version: Version) {
    since.field.onChange(version.state === 'coming' ? version.since : first, null)
    write(version, true)
  }

  async function save() {
    if (sending || draft === null) return
    const done = await send(path, { since: since.day, seen: draft.seen, rows: draft.rows, holidays: draft.holidays })
    await queries.invalidateQueries({ queryKey: [KEY] })
    if (done === null) return
    drop()
    setKept(since.day)
  }

  return (
    <>
      <Block title={<Trans>いま使っている一覧</Trans>}>
        <Save
          since={since}
          turn={turn}
          dirty={dirty}
          saved={list.versions.some(({ since: day }) => day === kept) ? kept : null}
          note={list.which === 'bereavement' ? <Trans>この日に始まる忌引から、この日数で見ます。前の日付も書けます。出席・欠席の数は変わりません。</Trans> : <Trans>この日の出欠から使います。きょうまでの出欠は、いまの一覧のまま読みます。</Trans>}
          error={error}
          onSave={() => void save()}
          onDrop={drop}
        >
          <Rows key={turn} which={list.which} told={told} counts={lists.counts} onTold={write} />
        </Save>
        {dirty && <Unsaved title={<Trans>出席の記号と区分をまだ保存していません</Trans>} onDrop={drop} />}
      </Block>
      <History of={list} path={path} queryKey={[KEY]} none={t`まだ決めていません。はじめから入っている一覧を使います。`} onUse={use} />
    </>
  )
}
