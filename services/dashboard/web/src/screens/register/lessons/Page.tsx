import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { useRead } from '~/api/useRead'
import { Choose } from '~/parts/Field'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import type { Day } from '~/dates/dates'
import panel from '~/parts/Panel.module.css'
import '../words'
import { hoursAddress } from '../hours/data'
import { addressOf, classesQuery, lessonsQuery, type LessonDay } from './data'
import { Overview } from './Overview'
import { Take } from './Take'

const route = getRouteApi('/inside/classes/$classId/days/$date/lessons')

/** 時限ごとの出欠: a class's day by lessons, and taking the roll of one. */
export default function LessonsPage() {
  const { t } = useLingui()
  const me = useMe()
  const { classId, date } = route.useParams()
  const { lesson } = route.useSearch()
  const { data, error, again } = useRead(lessonsQuery(classId, date))
  const addressOn = (day: Day) => addressOf(classId, day)
  const turns = useTurns(date, addressOn)
  // Straight from one lesson's roll to the next: the hands stay on the keys.
  const [saved, setSaved] = useState(false)
  const onDone = useCallback(() => setSaved(true), [])
  useScreen(data ? `${t`時限ごとの出欠`} ${data.name}` : t`時限ごとの出欠`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place
        title={t`時限ごとの出欠`}
        of={data ? [data.school.name, data.name] : []}
        date={date}
        today={me.today}
        addressOn={addressOn}
        beside={data && [data.may_sum && data.lessons.length > 0 ? { href: hoursAddress(classId, date.slice(0, 7)), word: t`欠課時数` } : undefined, { href: `/classes/${classId}/days/${date}/roll`, word: t`朝の記録` }]}
      />
      {data ? <Shown key={`${classId} ${date} ${lesson ?? ''}`} day={data} lesson={lesson} saved={saved} onDone={onDone} /> : error ? <CannotRead error={error} what={t`この学級の時限ごとの出欠`} onRetry={again} /> : <LoadingRows rows={18} />}
    </div>
  )
}

interface ShownProps {
  readonly day: LessonDay
  readonly lesson: number | undefined
  /** A lesson's roll has just been saved here. */
  readonly saved: boolean
  readonly onDone: () => void
}

function Shown({ day, lesson, saved, onDone }: ShownProps) {
  if (!day.lessons.length)
    return (
      <>
        <Classes day={day} />
        <Empty title={<Trans>この学級では、時限ごとの出欠をとりません</Trans>}>
          <Trans>始めるには、教育委員会の設定が要ります。朝の記録は、いつもどおりとれます。</Trans>
        </Empty>
      </>
    )
  if (!day.members.length)
    return (
      <>
        <Classes day={day} />
        <Empty title={<Trans>この日に在籍している子がいません</Trans>}>
          <Trans>名簿に在籍が入ると、ここに並びます。</Trans>
        </Empty>
      </>
    )
  const found = day.lessons.find(({ period }) => period === lesson)
  if (found && day.why_not_open === null && day.may_take) return <Take day={day} lesson={found} onDone={onDone} />
  return (
    <>
      <Classes day={day} />
      {day.why_not_open !== null && <Strip kind="look">{day.why_not_open}</Strip>}
      <Overview day={day} saved={saved} />
    </>
  )
}

/** From one class to another: who teaches a subject has several. */
function Classes({ day }: { readonly day: LessonDay }) {
  const { t } = useLingui()
  const router = useRouter()
  const { data } = useRead(classesQuery)
  const classes = (data ?? []).filter(({ school }) => school === day.school.id)
  if (classes.length < 2) return null
  return (
    <div className={panel.bar}>
      <Choose
        label={t`学級`}
        value={day.class_id}
        onChange={(id) => router.history.push(addressOf(id, day.on))}
        options={classes.map(({ id, name }) => ({ value: id, word: name }))}
      />
    </div>
  )
}
