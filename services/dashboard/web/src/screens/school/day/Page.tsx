import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { SchoolTabs } from '~/app/SchoolTabs'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import type { SchoolDay, SchoolDayClass } from '~/api/types'
import { useRead } from '~/api/useRead'
import { timeOf, workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { ALL_COUNTS, countColumn, Counts } from '~/parts/Counts'
import { gradeWord } from '~/parts/grades'
import { fullName, Name } from '~/parts/Name'
import { Outstanding } from '~/parts/overview/Outstanding'
import { Grades, Reasons, shareColumns } from '~/parts/overview/Rates'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { StatusMark } from '~/parts/StatusMark'
import { Strip } from '~/parts/Strip'
import { Table, type TableColumn } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { schoolDayQuery } from './data'
import { Missing } from './Missing'
import styles from './Page.module.css'

const route = getRouteApi('/inside/schools/$schoolId/days/$date')

/** 学校の今日: is every child accounted for? Classes not taken yet come first. */
export default function SchoolDayPage() {
  const { t } = useLingui()
  const me = useMe()
  const { schoolId, date } = route.useParams()
  const { grade } = route.useSearch()
  const { data, error, again } = useRead(schoolDayQuery(schoolId, date))
  const addressOn = (day: Day) => `/schools/${schoolId}/days/${day}`
  const turns = useTurns(date, addressOn)
  useScreen(data ? `${t`学校の今日`} ${data.school.name}` : t`学校の今日`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place
        title={date === me.today ? t`学校の今日` : t`学校の一日`}
        of={data ? [data.school.name] : []}
        date={date}
        today={me.today}
        addressOn={addressOn}
      />
      <SchoolTabs school={schoolId} date={date} />
      {data ? (
        <SchoolWork day={data} grade={grade} />
      ) : error ? (
        <CannotRead error={error} what={t`学校の一日`} onRetry={again} />
      ) : (
        <LoadingRows rows={12} />
      )}
    </div>
  )
}

interface WorkProps {
  readonly day: SchoolDay
  /** The grade whose classes are shown; `none`: those without one. */
  readonly grade: string | undefined
}

const inGrade = (grade: string | undefined) => (one: { readonly class: { readonly grade: string | null } }) => grade === undefined || (one.class.grade ?? 'none') === grade

function SchoolWork({ day, grade }: WorkProps) {
  const { t } = useLingui()
  const date = workDay(day.date)
  if (!day.school_day)
    return (
      <Empty title={<Trans>{date}は休みの日です</Trans>}>
        <Trans>出欠はとりません。前の日、次の日は上の矢印で開けます。</Trans>
      </Empty>
    )
  if (!day.classes.length)
    return (
      <Empty title={<Trans>学級がありません</Trans>}>
        <Trans>名簿を取り込むと、学級がここに並びます。</Trans>
      </Empty>
    )
  return (
    <>
      <Collected day={day} />
      {/* A child of whom nobody knows anything comes before every number. */}
      {day.names && <Missing school={day.school.id} date={day.date} />}
      <Outstanding
        groups={day.outstanding}
        rule={day.rule}
        link={(group, word) => (group.class && day.may.roll ? <ToRoll id={group.class.id} date={day.date} word={word} /> : word)}
      />
      <Counts of={day.totals} names={ALL_COUNTS} />
      <div className={panel.two}>
        <Classes day={day} grade={grade} />
        <div className={styles.beside}>
          {day.names && <Exceptions day={day} grade={grade} />}
          <Reasons reasons={day.reasons} left={day.classes.filter(({ members }) => members === null).length} />
        </div>
      </div>
      <Grades
        whole={{ word: <ToGrade day={day} grade={undefined} word={t`学校全体`} />, of: day.totals }}
        grades={day.grades}
        rule={day.rule}
        link={(of, word) => <ToGrade day={day} grade={of ?? 'none'} word={word} />}
      />
    </>
  )
}

/** The answer to the page's question, in one line. */
function Collected({ day }: { readonly day: SchoolDay }) {
  const { classes, classes_taken: taken } = day.totals
  if (classes === 0)
    return (
      <Strip kind="plain">
        <Trans>授業のある学級はありません</Trans>
      </Strip>
    )
  if (taken < classes)
    return (
      <Strip kind="look" live>
        <strong>
          <Plural value={classes - taken} other="#学級がまだ確定していません" />
        </strong>{' '}
        <span className={panel.whole}>
          <Trans>
            （{taken} / {classes} 学級が確定）
          </Trans>
        </span>
      </Strip>
    )
  const last = timeOf(day.classes.map(({ taken_at, closed }) => (closed ? '' : (taken_at ?? ''))).toSorted().at(-1), day.date)
  return (
    <Strip kind="good" live>
      <strong>
        <Trans>全学級の記録がそろいました {last}</Trans>
      </strong>
    </Strip>
  )
}

function ToRoll({ id, date, word }: { readonly id: string; readonly date: Day; readonly word: string }) {
  return (
    <Link to="/classes/$classId/days/$date/roll" params={{ classId: id, date }}>
      {word}
    </Link>
  )
}

function ToGrade({ day, grade, word }: { readonly day: SchoolDay; readonly grade: string | undefined; readonly word: string }) {
  return (
    <Link to="/schools/$schoolId/days/$date" params={{ schoolId: day.school.id, date: day.date }} search={grade === undefined ? {} : { grade }}>
      {word}
    </Link>
  )
}

function Classes({ day, grade }: WorkProps) {
  const { t } = useLingui()
  const of = grade === undefined ? '' : grade === 'none' ? t`学年をまたぐ学級` : gradeWord(grade)
  const aside = grade === undefined ? <Trans>確定していない学級が上です</Trans> : (
    <>
      <Trans>{of}だけを出しています</Trans> <ToGrade day={day} grade={undefined} word={t`全部の学級を出す`} />
    </>
  )
  return (
    <Block title={<Trans>学級</Trans>} aside={aside} table>
      <Table
        rows={day.classes.filter(inGrade(grade))}
        id={(one) => one.class.id}
        columns={[
          {
            head: <Trans>学級</Trans>,
            cell: (one) => (day.may.roll ? <ToRoll id={one.class.id} date={day.date} word={one.class.name} /> : one.class.name),
          },
          { head: <Trans>担任</Trans>, cell: ({ homeroom }) => (homeroom ? <Name person={homeroom} /> : '―'), wide: true },
          { head: <Trans>朝の記録</Trans>, cell: (one) => <ClassState one={one} date={day.date} /> },
          countColumn('members', 'wide'),
          ...shareColumns('wide').map(ofMeeting),
          ofMeeting(countColumn('absent', 'wide')),
          ofMeeting(countColumn('late', 'wide')),
          ofMeeting(countColumn('early', 'wide')),
          ofMeeting(countColumn('apart', 'wide')),
        ]}
      />
    </Block>
  )
}

/** A class without lessons misses nobody: a dash. */
function ofMeeting(column: TableColumn<SchoolDayClass>): TableColumn<SchoolDayClass> {
  return { ...column, cell: (one) => (one.closed === null ? column.cell(one) : '―') }
}

function ClassState({ one, date }: { readonly one: SchoolDayClass; readonly date: Day }) {
  if (one.closed !== null) return <span className={`${panel.aside} ${panel.whole}`}>{one.closed.word}</span>
  if (one.taken_at !== null) {
    const at = timeOf(one.taken_at, date)
    return (
      <span className={panel.whole}>
        <span className={panel.good}>
          <Trans>{at} 確定</Trans>
        </span>
        {one.taken_by && one.taken_by.id !== one.homeroom?.id && <span className={panel.aside}> {fullName(one.taken_by)}</span>}
      </span>
    )
  }
  return (
    <span className={`${panel.wait} ${panel.whole}`}>
      {one.unrecorded === null ? <Trans>未確定</Trans> : <Plural value={one.unrecorded} _0="確定まち" other="未入力 #人" />}
    </span>
  )
}

function Exceptions({ day, grade }: WorkProps) {
  const exceptions = day.exceptions.filter(inGrade(grade))
  return (
    <Block title={<Trans>欠席・遅刻などの子</Trans>} aside={<Plural value={exceptions.length} other="#人" />}>
      {exceptions.length === 0 ? (
        <p className={panel.aside}>
          <Trans>いまのところ、欠席・遅刻・早退の子はいません。</Trans>
        </p>
      ) : (
        <ul className={styles.exceptions}>
          {exceptions.map((one) => (
            <li key={one.pupil.id} className={styles.exception}>
              <span className={styles.class}>
                {one.class.name}
                {one.number !== null && (
                  <span className={styles.number}>
                    <Trans>{one.number}番</Trans>
                  </span>
                )}
              </span>
              <Name person={one.pupil} ruby />
              <StatusMark glyph={one.glyph} word={one.word} tint={one.tint} />
            </li>
          ))}
        </ul>
      )}
    </Block>
  )
}
