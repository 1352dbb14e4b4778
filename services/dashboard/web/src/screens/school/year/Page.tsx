import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { SchoolTabs } from '~/app/SchoolTabs'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { addDays, monthDay, schoolYearWord } from '~/dates/dates'
import { schoolYear } from '~/dates/read'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { gradeWord } from '~/parts/grades'
import { addedLine } from '~/parts/PlanLines'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import { YearNav } from '~/parts/YearNav'
import panel from '~/parts/Panel.module.css'
import '../words'
import { yearQuery, type SchoolYear } from './data'
import { Lines } from './Lines'
import { daysWord, toldOf, type Told } from './rules'
import { Undo } from './Undo'
import { YearGrid } from './YearGrid'
import styles from './Page.module.css'

const route = getRouteApi('/inside/schools/$schoolId/days/$date/year')

/** 年間予定: on which days does the school meet, what is special, and what a change would do. On paper, too. */
export default function SchoolYearPage() {
  const { t } = useLingui()
  const { schoolId, date } = route.useParams()
  const year = schoolYear(date)
  const { data, error, again } = useRead(yearQuery(schoolId, year))
  useScreen(data ? `${t`年間予定`} ${data.school.name}` : t`年間予定`)
  const addressOf = (of: number) => `/schools/${schoolId}/days/${of}-04-01/year`
  return (
    <div className={panel.screen}>
      <Place title={t`年間予定`} of={data ? [data.school.name, schoolYearWord(year)] : [schoolYearWord(year)]} />
      <SchoolTabs school={schoolId} date={date} />
      <YearNav year={year} addressOf={addressOf} printable={data !== undefined} />
      {data ? <Work key={year} year={data} /> : error ? <CannotRead error={error} what={t`年間予定`} onRetry={again} /> : <LoadingRows rows={12} />}
    </div>
  )
}

function Work({ year }: { readonly year: SchoolYear }) {
  const { today } = useMe()
  const [text, setText] = useState('')
  const [saved, setSaved] = useState(false)
  return (
    <>
      {year.undo && !saved && <Undo year={year} undo={year.undo} />}
      {year.school_days.length === 0 && (
        <Strip kind="look">
          {year.may.change ? (
            <Trans>この年度の授業日は、まだ入っていません。下に貼り付けるか、市の年間予定を入れてください。</Trans>
          ) : (
            <Trans>この年度の授業日は、まだ入っていません。</Trans>
          )}
        </Strip>
      )}
      <Counts year={year} />
      <YearGrid year={year} today={today} />
      <div className={year.may.change ? panel.two : undefined}>
        <Said year={year} onBack={year.may.change ? ({ back }) => setText(addedLine(text, back)) : undefined} />
        {year.may.change && (
          <div className={styles.screenOnly}>
            <Lines year={year} text={text} onText={setText} done={saved && year.undo && <Undo key={year.undo.id} year={year} undo={year.undo} here />} onSaved={() => setSaved(true)} />
          </div>
        )}
      </div>
    </>
  )
}

function Counts({ year }: { readonly year: SchoolYear }) {
  return (
    <dl className={panel.counts}>
      {Object.entries(year.days_of_grades).map(([grade, n]) => (
        <div key={grade}>
          <dt>
            <Trans>{gradeWord(grade)}の授業日数</Trans>
          </dt>
          <dd>{n}</dd>
        </div>
      ))}
      {year.terms.map(({ name, since, until }) => {
        const [from, to] = [monthDay(since), monthDay(addDays(until, -1))]
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={styles.term}>
              <Trans>
                {from}〜{to}
              </Trans>
            </dd>
          </div>
        )
      })}
    </dl>
  )
}

/** Events and days off, in order; each can be taken back by a line of the plan. */
function Said({ year, onBack }: { readonly year: SchoolYear; readonly onBack: ((told: Told) => void) | undefined }) {
  const { t } = useLingui()
  const told = toldOf(year)
  const undo = (one: Told) => (
    <span className={styles.screenOnly}>
      <Button look="text" size="small" onPress={() => onBack?.(one)} aria-label={t`${daysWord(one)}の${one.word} ${one.text}を取り消す行を加える`}>
        <Trans>取り消す</Trans>
      </Button>
    </span>
  )
  return (
    <Block title={<Trans>行事・休み</Trans>} table>
      {told.length === 0 ? (
        <p className={panel.aside}>
          <Trans>行事や休みは、まだ入っていません。</Trans>
        </p>
      ) : (
        <Table
          rows={told}
          id={({ first, word, text, whom }) => `${first} ${word} ${text} ${whom}`}
          columns={[
            { head: <Trans>日付</Trans>, cell: daysWord },
            { head: <Trans>種類</Trans>, cell: ({ word }) => <span className={panel.whole}>{word}</span> },
            { head: <Trans>内容</Trans>, cell: ({ text }) => <span className={styles.words}>{text}</span> },
            { head: <Trans>対象</Trans>, cell: ({ whom }) => <span className={panel.whole}>{whom}</span> },
            ...(onBack ? [{ head: <span className={styles.screenOnly}><Trans>取り消し</Trans></span>, cell: undo }] : []),
          ]}
        />
      )}
    </Block>
  )
}
