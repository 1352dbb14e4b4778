import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { schoolYearWord } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import { YearNav } from '~/parts/YearNav'
import panel from '~/parts/Panel.module.css'
import { SettingsTabs } from '../SettingsTabs'
import '../words'
import { boardYearPath, boardYearQuery, type BoardYear } from './data'
import { Plan } from './Plan'
import { Schools } from './Schools'
import styles from './Page.module.css'

const route = getRouteApi('/inside/settings/calendar/$year')

/** 市の年間予定: what holds in every school, written once, and brought to the schools with its consequences told. */
export default function BoardYearPage() {
  const { t } = useLingui()
  const { board } = useMe()
  const year = Number(route.useParams().year)
  const { data, error, again } = useRead(boardYearQuery(board.id, year))
  useScreen(t`市の年間予定`)
  const addressOf = (of: number) => `/settings/calendar/${of}`
  return (
    <div className={panel.screen}>
      <Place title={t`市の年間予定`} of={[board.name, schoolYearWord(year)]} />
      <SettingsTabs />
      <YearNav year={year} addressOf={addressOf} printable={data !== undefined} />
      {data ? <Work key={year} year={data} path={boardYearPath(board.id, year)} /> : error ? <CannotRead error={error} what={t`市の年間予定`} onRetry={again} /> : <LoadingRows rows={10} />}
    </div>
  )
}

function Work({ year, path }: { readonly year: BoardYear; readonly path: string }) {
  const [dirty, setDirty] = useState(false)
  return (
    <>
      <Plan year={year} path={path} onDirty={setDirty} />
      <Paper year={year} />
      {year.schools.length === 0 ? (
        <Empty title={<Trans>学校がありません</Trans>}>
          <Trans>名簿を取り込むと、学校がここに並び、計画をあてられます。</Trans>
        </Empty>
      ) : (
        <Schools key={year.revision} year={year} path={path} dirty={dirty} />
      )}
    </>
  )
}

interface Line {
  readonly cells: readonly string[]
  readonly at: number
}

const cell = (i: number) => (line: Line) => line.cells[i] ?? ''

/** The plan as a table, for paper alone: a field to write in prints badly. */
function Paper({ year: { rows } }: { readonly year: BoardYear }) {
  return (
    <div className={styles.paper}>
      <Block title={<Trans>計画</Trans>}>
        <Table<Line>
          rows={rows.map((cells, at) => ({ cells, at }))}
          id={({ at }) => String(at)}
          columns={[
            { head: <Trans>日付</Trans>, cell: cell(0) },
            { head: <Trans>種類</Trans>, cell: cell(1) },
            { head: <Trans>内容</Trans>, cell: cell(2) },
            { head: <Trans>対象</Trans>, cell: cell(3) },
          ]}
        />
      </Block>
    </div>
  )
}
