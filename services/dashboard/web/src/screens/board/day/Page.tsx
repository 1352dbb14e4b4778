import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import type { BoardDay, BoardDaySchool } from '~/api/types'
import { useRead } from '~/api/useRead'
import { workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { counted } from '~/parts/counted'
import { ALL_COUNTS, countColumn, Counts } from '~/parts/Counts'
import { Outstanding } from '~/parts/overview/Outstanding'
import { Grades, Reasons, shareColumns } from '~/parts/overview/Rates'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table, type TableColumn } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { boardDayQuery } from './data'
import styles from './Page.module.css'

const route = getRouteApi('/inside/board/days/$date')

/** 市の今日: where does the city need help? */
export default function BoardDayPage() {
  const { t } = useLingui()
  const me = useMe()
  const { date } = route.useParams()
  const { data, error, again } = useRead(boardDayQuery(date))
  const addressOn = (day: Day) => `/board/days/${day}`
  const turns = useTurns(date, addressOn)
  useScreen(t`市の今日`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place
        title={date === me.today ? t`市の今日` : t`市の一日`}
        of={data ? [data.board.name] : []}
        date={date}
        today={me.today}
        addressOn={addressOn}
      />
      {data ? (
        <BoardWork day={data} />
      ) : error ? (
        <CannotRead error={error} what={t`市の一日`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function BoardWork({ day }: { readonly day: BoardDay }) {
  const { t } = useLingui()
  const { settings } = useMe()
  const open = day.schools.filter(({ school_day }) => school_day)
  const date = workDay(day.date)
  if (!day.schools.length)
    return (
      <Empty title={<Trans>学校がありません</Trans>}>
        <Trans>名簿を取り込むと、学校がここに並びます。</Trans>
      </Empty>
    )
  return (
    <>
      {open.length === 0 ? (
        <Strip kind="plain">
          <Trans>{date}は、どの学校も休みの日です</Trans>
        </Strip>
      ) : (
        <>
          <Collected day={day} />
          <Outstanding
            groups={day.outstanding}
            rule={day.rule}
            link={({ school, grade }, word) => (
              <Link to="/schools/$schoolId/days/$date" params={{ schoolId: school.id, date: day.date }} search={{ grade: grade ?? 'none' }}>
                {school.name} {word}
              </Link>
            )}
          />
          <Counts of={day.totals} names={ALL_COUNTS} />
        </>
      )}
      <Schools day={day} />
      {settings.includes('alerts') && (
        <p>
          <Link to="/board/days/$date/alerts" params={{ date: day.date }}>
            <Trans>学校ごとの気がかりな欠席の数</Trans>
          </Link>
        </p>
      )}
      {open.length > 0 && (
        <>
          <Reasons reasons={day.reasons} />
          <Grades whole={{ word: t`市全体`, of: day.totals }} grades={day.grades} rule={day.rule} />
        </>
      )}
    </>
  )
}

function Collected({ day }: { readonly day: BoardDay }) {
  const [taken, classes] = [counted(day.totals.classes_taken), counted(day.totals.classes)]
  const waiting = day.schools.filter((one) => one.school_day && one.classes_taken < one.classes).length
  if (waiting)
    return (
      <Strip kind="look" live>
        <strong>
          <Plural value={waiting} other="記録がそろっていない学校が#校あります" />
        </strong>{' '}
        <span className={panel.whole}>
          <Trans>
            （{taken} / {classes} 学級が確定）
          </Trans>
        </span>
      </Strip>
    )
  return (
    <Strip kind="good" live>
      <strong>
        <Trans>全学校の記録がそろいました</Trans>
      </strong>
    </Strip>
  )
}

function Schools({ day }: { readonly day: BoardDay }) {
  return (
    <div className={styles.schools}>
      <Block title={<Trans>学校</Trans>} table>
        <Table
          rows={day.schools}
          id={({ school }) => school.id}
          columns={[
            {
              head: <Trans>学校</Trans>,
              cell: ({ school }) => (
                <Link to="/schools/$schoolId/days/$date" params={{ schoolId: school.id, date: day.date }}>
                  {school.name}
                </Link>
              ),
            },
            { head: <Trans>朝の記録</Trans>, cell: (one) => <Progress one={one} /> },
            ofOpen(countColumn('unrecorded')),
            countColumn('members', 'wide'),
            ...shareColumns('wide').map(ofOpen),
            ofOpen(countColumn('absent', 'wide')),
            ofOpen(countColumn('late', 'wide')),
            ofOpen(countColumn('early', 'wide')),
            ofOpen(countColumn('apart', 'wide')),
          ]}
        />
      </Block>
    </div>
  )
}

/** On a day off nobody is missing from a school: a dash, and no number that asks to be looked into. */
function ofOpen(column: TableColumn<BoardDaySchool>): TableColumn<BoardDaySchool> {
  return { ...column, cell: (one) => (one.school_day ? column.cell(one) : '―') }
}

function Progress({ one }: { readonly one: BoardDaySchool }) {
  const { classes_taken: taken, classes } = one
  if (!one.school_day)
    return (
      <span className={panel.aside}>
        <Trans>休みの日</Trans>
      </span>
    )
  return (
    <span className={panel.whole}>
      <span className={styles.meter} aria-hidden="true">
        <span style={{ width: `${(100 * taken) / Math.max(classes, 1)}%` }} />
      </span>
      <span className={taken < classes ? panel.wait : panel.good}>
        <Trans>
          {taken} / {classes} 学級
        </Trans>
      </span>
    </span>
  )
}
