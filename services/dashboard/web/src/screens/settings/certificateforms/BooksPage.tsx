import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Unsaved } from '~/app/Unsaved'
import type { Day } from '~/dates/dates'
import { writeBlock } from '~/grid/paste'
import { Area } from '~/parts/Area'
import { Block } from '~/parts/Block'
import { useDay } from '~/parts/DayField'
import { CannotRead, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import { SettingsTabs } from '../SettingsTabs'
import '../words'
import { booksPath, booksQuery, KEY, type BooksPage as Page, type Version } from './data'
import { History } from '../History'
import { bookRows, booksOfGrades } from './rules'
import { Save } from '../Save'
import styles from './Page.module.css'

/** 教科書: which books each grade is given, from which day on; 教科用図書給与証明書 lists them. */
export default function BooksPage() {
  const { t } = useLingui()
  const { board } = useMe()
  const { data, error, again } = useRead(booksQuery(board.id))
  useScreen(t`教科書`)
  return (
    <div className={panel.screen}>
      <Place title={t`教科書`} of={[board.name]} />
      <SettingsTabs />
      {data ? <Work page={data} path={booksPath(board.id)} /> : error ? <CannotRead error={error} what={t`教科書`} onRetry={again} /> : <LoadingRows rows={10} />}
    </div>
  )
}

function Work({ page, path }: { readonly page: Page; readonly path: string }) {
  const { t } = useLingui()
  const { person, today } = useMe()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand<Page>(person.id)
  const [draft, setDraft] = useState<{ readonly text: string; readonly seen: string } | null>(null)
  const [turn, setTurn] = useState(0)
  const [kept, setKept] = useState<Day | null>(null)
  const since = useDay(today)
  const saved = writeBlock(page.rows)
  const text = draft?.text ?? saved
  const dirty = draft !== null && draft.text.trim() !== saved.trim()
  const heads = page.heads.join(t`、`)

  function drop() {
    forget()
    setDraft(null)
    setKept(null)
  }

  /** A version is written on from; what begins later, for its own day. */
  function use({ rows, since: day, state }: Version) {
    if (!rows) return
    forget()
    setDraft({ text: writeBlock(rows), seen: page.revision })
    since.field.onChange(state === 'coming' ? day : today, null)
    setTurn(turn + 1)
  }

  async function save() {
    if (sending || draft === null) return
    const done = await send(path, { since: since.day, seen: draft.seen, rows: bookRows(draft.text.trim()) })
    await queries.invalidateQueries({ queryKey: [KEY] })
    if (done === null) return
    drop()
    setKept(since.day)
  }

  return (
    <div className={panel.two}>
      <Block title={<Trans>給与する教科書</Trans>} aside={<Counts rows={page.rows} />}>
        <Save since={since} turn={turn} dirty={dirty} note={<Trans>この日から出す証明書に使います。もう出した証明書は変わりません。前の日付を書くと、その日からの決まりとして入ります。</Trans>} saved={page.versions.some(({ since: day }) => day === kept) ? kept : null} error={error} onSave={() => void save()} onDrop={drop}>
        <Area
          label={<Trans>全学年の教科書（1行に1冊）</Trans>}
          hint={<Trans>表計算の{heads}の5列を、そのまま貼り付けられます。学年が空いた行は、上の行と同じ学年です。</Trans>}
          value={text}
          rows={16}
          cells
          onChange={(next) => {
            forget()
            setDraft({ text: next, seen: draft?.seen ?? page.revision })
          }}
        />
        </Save>
        {dirty && <Unsaved title={<Trans>教科書をまだ保存していません</Trans>} onDrop={drop} />}
      </Block>
      <History of={page} path={path} queryKey={[KEY]} none={t`まだ入っていません。入れるまで、教科用図書給与証明書の本は、学校がそのつど書きます。`} onUse={use} />
    </div>
  )
}

function Counts({ rows }: { readonly rows: readonly (readonly string[])[] }) {
  const { t } = useLingui()
  const all = [...booksOfGrades(rows)].map(([grade, n]) => t`${grade}: ${n}冊`).join(t`、`)
  return rows.length === 0 ? <Trans>まだありません</Trans> : <span className={styles.counts}>{all}（<Plural value={rows.length} other="全部で#冊" />）</span>
}
