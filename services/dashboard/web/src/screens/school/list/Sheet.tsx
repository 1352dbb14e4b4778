import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { eraDay, monthDay, schoolYearWord, timeOf, type Day } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { DayField } from '~/parts/DayField'
import { LastChange } from '~/parts/LastChange'
import { fullName, kanaOf } from '~/parts/Name'
import panel from '~/parts/Panel.module.css'
import { addressOf, KEY, listPath, type ClassList } from './data'
import { openNumbers } from './rules'
import styles from './Page.module.css'

interface SheetProps {
  readonly list: ClassList
  readonly picker: ReactNode
  readonly onOrder: () => void
  readonly onPaste: () => void
}

/** Columns to write in by hand. */
const BLANKS = [0, 5, 10, 20]

/** The list as it stands, on the screen and on paper. */
export function Sheet({ list, picker, onOrder, onPaste }: SheetProps) {
  const { t } = useLingui()
  const [kana, setKana] = useState(true)
  const [blanks, setBlanks] = useState(0)
  const home = list.members.filter(({ exchange }) => !exchange)
  const open = openNumbers(home).join(t`・`)
  const [school, name, day, year] = [list.school.name, list.class.name, eraDay(list.date), schoolYearWord(list.school_year)]
  return (
    <>
      {list.undo && <Undo list={list} undo={list.undo} />}
      <div className={styles.bar}>
        {picker}
        <OtherDay list={list} />
      </div>
      <div className={styles.bar}>
        <label className={styles.check}>
          <input type="checkbox" checked={kana} onChange={(event) => setKana(event.target.checked)} />
          <Trans>フリガナをのせる</Trans>
        </label>
        <label className={styles.picker}>
          <span>
            <Trans>書きこむ欄</Trans>
          </span>
          <select className={styles.select} value={blanks} onChange={(event) => setBlanks(Number(event.target.value))}>
            {BLANKS.map((n) => (
              <option key={n} value={n}>
                {n === 0 ? t`なし` : t`${n}列`}
              </option>
            ))}
          </select>
        </label>
        <Button onPress={() => print()}>
          <Trans>印刷する</Trans>
        </Button>
        {list.may.number && (
          <>
            <Button onPress={onOrder}>
              <Trans>並べかえて番号を変える</Trans>
            </Button>
            <Button onPress={onPaste}>
              <Trans>番号を貼り付ける</Trans>
            </Button>
          </>
        )}
      </div>
      <div className={styles.paper}>
        <header className={styles.head}>
          <h2>
            <Trans>
              {year} {name} 名簿
            </Trans>
          </h2>
          <p>
            <Trans>
              {school}　{day}現在
            </Trans>
          </p>
          <p className={panel.aside}>
            <Plural value={home.length} other="在籍 #人" />
            {list.members.length > home.length && <Plural value={list.members.length - home.length} other="、交流 #人" />}
            {open !== '' && <Trans>、欠番 {open}</Trans>}
          </p>
        </header>
        <table className={styles.sheet} data-blanks={blanks}>
          <thead>
            <tr>
              <th scope="col">
                <Trans>番号</Trans>
              </th>
              <th scope="col">
                <Trans>氏名</Trans>
              </th>
              {kana && (
                <th scope="col">
                  <Trans>フリガナ</Trans>
                </th>
              )}
              {Array.from({ length: blanks }, (_, i) => (
                <td key={i} aria-hidden="true" />
              ))}
            </tr>
          </thead>
          <tbody>
            {list.members.map(({ pupil, number, exchange }) => (
              <tr key={`${pupil.id} ${exchange}`}>
                <td className={styles.number}>{exchange ? <Trans>交流</Trans> : number === null ? '―' : number}</td>
                <th scope="row">{fullName(pupil)}</th>
                {kana && <td className={styles.kana}>{kanaOf(pupil)}</td>}
                {Array.from({ length: blanks }, (_, i) => (
                  <td key={i} aria-hidden="true" />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

/** The list of a day that is not near. */
function OtherDay({ list }: { readonly list: ClassList }) {
  const { t } = useLingui()
  const router = useRouter()
  const [day, setDay] = useState<Day | null>(null)
  return (
    <form
      className={styles.other}
      onSubmit={(event) => {
        event.preventDefault()
        if (day !== null) router.history.push(addressOf(list.class.id, day))
      }}
    >
      <DayField inline label={t`ほかの日の名簿`} value={day} onChange={setDay} today={list.today} />
      <Button type="submit" off={day === null ? t`日付を書いてください` : undefined}>
        <Trans>開く</Trans>
      </Button>
    </form>
  )
}

/** What was done last to the numbers, and the way back while nothing else has changed. */
function Undo({ list, undo }: { readonly list: ClassList; readonly undo: NonNullable<ClassList['undo']> }) {
  const { send, sending, error } = useCommand(useMe().person.id)
  const queries = useQueryClient()
  const [who, at, from] = [fullName(undo.by), timeOf(undo.at, list.today), monthDay(undo.since)]
  async function back() {
    if (sending) return
    await send(`${listPath(list.class.id)}/undo`, { change: undo.id })
    await queries.invalidateQueries({ queryKey: [KEY, list.class.id] })
  }
  return (
    <LastChange error={error} onUndo={() => void back()} much={<Plural value={undo.changed} other="（#人）" />}>
      <Trans>
        {who}さんが {at} に、{from}からの番号を変えました
      </Trans>
    </LastChange>
  )
}
