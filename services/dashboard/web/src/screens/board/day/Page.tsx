import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import type { BoardDay, BoardDaySchool } from '~/api/types'
import { useRead } from '~/api/useRead'
import { addDays, workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Counts } from '~/parts/Counts'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { boardDayQuery } from './data'
import styles from './Page.module.css'

const route = getRouteApi('/inside/board/days/$date')

/** 市の今日: where does the city need help? */
export default function BoardDayPage() {
  const { t } = useLingui()
  const me = useMe()
  const { date } = route.useParams()
  const { data, error, again } = useRead(boardDayQuery(date))
  const navigate = useNavigate()
  const turn = (n: number) => () => void navigate({ to: '/board/days/$date', params: { date: addDays(date, n) } })
  useScreen(
    t`市の今日`,
    [
      { keys: 'g p', word: t`前の日` },
      { keys: 'g n', word: t`次の日` },
    ],
    { p: turn(-1), n: turn(1) },
  )
  return (
    <div className={panel.screen}>
      <Place
        title={date === me.today ? t`市の今日` : t`市の一日`}
        of={data ? [data.board.name] : []}
        date={date}
        today={me.today}
        addressOn={(day) => `/board/days/${day}`}
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
  const { totals } = day
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
        <Collected day={day} />
      )}
      <Counts
        counts={[
          { word: t`在籍`, n: totals.members },
          { word: t`出席`, n: totals.present },
          { word: t`欠席`, n: totals.absent },
          { word: t`遅刻`, n: totals.late },
          { word: t`早退`, n: totals.early },
          { word: t`停・忌`, n: totals.apart },
          { word: t`未入力`, n: totals.unrecorded },
        ]}
      />
      <Schools day={day} />
    </>
  )
}

function Collected({ day }: { readonly day: BoardDay }) {
  const { classes, classes_taken: taken } = day.totals
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
    <Block title={<Trans>学校</Trans>} table>
      <table className={`${panel.table} ${styles.schools}`}>
        <thead>
          <tr>
            <th scope="col">
              <Trans>学校</Trans>
            </th>
            <th scope="col">
              <Trans>朝の記録</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>未入力</Trans>
            </th>
            <th scope="col" data-n="" className={panel.wide}>
              <Trans>在籍</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>欠席</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>遅刻</Trans>
            </th>
            <th scope="col" data-n="" className={panel.wide}>
              <Trans>早退</Trans>
            </th>
            <th scope="col" data-n="" className={panel.wide}>
              <Trans>停・忌</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {day.schools.map((one) => (
            <SchoolRow key={one.school.id} one={one} date={day.date} />
          ))}
        </tbody>
      </table>
    </Block>
  )
}

function SchoolRow({ one, date }: { readonly one: BoardDaySchool; readonly date: Day }) {
  return (
    <tr>
      <th scope="row">
        <Link to="/schools/$schoolId/days/$date" params={{ schoolId: one.school.id, date }}>
          {one.school.name}
        </Link>
      </th>
      {one.school_day ? (
        <td className={styles.progress}>
          <Progress taken={one.classes_taken} classes={one.classes} />
        </td>
      ) : (
        <td className={panel.aside}>
          <Trans>休みの日</Trans>
        </td>
      )}
      <td data-n={one.unrecorded}>{one.unrecorded}</td>
      <td data-n={one.members} className={panel.wide}>
        {one.members}
      </td>
      <td data-n={one.absent}>{one.absent}</td>
      <td data-n={one.late}>{one.late}</td>
      <td data-n={one.early} className={panel.wide}>
        {one.early}
      </td>
      <td data-n={one.apart} className={panel.wide}>
        {one.apart}
      </td>
    </tr>
  )
}

function Progress({ taken, classes }: { readonly taken: number; readonly classes: number }) {
  return (
    <>
      <span className={styles.meter} aria-hidden="true">
        <span style={{ width: `${(100 * taken) / Math.max(classes, 1)}%` }} />
      </span>
      <span className={taken < classes ? panel.wait : panel.good}>
        <Trans>
          {taken} / {classes} 学級
        </Trans>
      </span>
    </>
  )
}
