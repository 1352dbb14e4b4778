import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { SchoolTabs } from '~/app/SchoolTabs'
import { useFilledBefore } from '~/app/proof'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { useRead } from '~/api/useRead'
import { timeOf, workDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { dutiesQuery, type ClassDuties, type Duty, type SchoolDuties } from './data'
import { EndDuty } from './EndDuty'
import { proofOf, resumed, type Filled, type FilledEnd, type FilledGive, type FilledStandIn } from './filled'
import { GiveDuty } from './GiveDuty'
import { without } from './rules'
import { Staff } from './Staff'
import { StandIn } from './StandIn'
import styles from './Page.module.css'

const route = getRouteApi('/inside/schools/$schoolId/days/$date/duties')

/** What is being decided, in a dialog. */
export type Deciding =
  | { readonly act: 'stand-in'; readonly of: ClassDuties; readonly filled?: FilledStandIn }
  | { readonly act: 'give'; readonly staff?: string; readonly filled?: FilledGive }
  | { readonly act: 'end'; readonly duty: Duty; readonly filled?: FilledEnd }

/** きょう学級をみる人: is there somebody for every class, and who holds what? */
export default function DutiesPage() {
  const { t } = useLingui()
  const me = useMe()
  const { schoolId, date } = route.useParams()
  const { data, error, again } = useRead(dutiesQuery(schoolId, date))
  const addressOn = (day: Day) => `/schools/${schoolId}/days/${day}/duties`
  const turns = useTurns(date, addressOn)
  useScreen(data ? `${t`学級をみる人`} ${data.school.name}` : t`学級をみる人`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place title={t`学級をみる人`} of={data ? [data.school.name] : []} date={date} today={me.today} addressOn={addressOn} />
      <SchoolTabs school={schoolId} date={date} />
      {data ? <Work page={data} /> : error ? <CannotRead error={error} what={t`学校の職務`} onRetry={again} /> : <LoadingRows rows={12} />}
    </div>
  )
}

function Work({ page }: { readonly page: SchoolDuties }) {
  const before = useFilledBefore(proofOf(page)) as Filled | null
  const [deciding, setDeciding] = useState<Deciding | null>(() => before && resumed(page, before))
  const close = () => setDeciding(null)
  if (!page.classes.length && !page.staff.length)
    return (
      <Empty title={<Trans>学級も職員もまだありません</Trans>}>
        <Trans>名簿を取り込むと、学級と職員がここに並びます。</Trans>
      </Empty>
    )
  return (
    <>
      <Covered page={page} />
      <div className={panel.two}>
        <Classes page={page} onDecide={setDeciding} />
        <Staff page={page} onDecide={setDeciding} />
      </div>
      {deciding?.act === 'stand-in' && <StandIn page={page} of={deciding.of} filled={deciding.filled} onClose={close} />}
      {deciding?.act === 'give' && <GiveDuty page={page} staff={deciding.staff ?? null} filled={deciding.filled} onClose={close} />}
      {deciding?.act === 'end' && <EndDuty page={page} duty={deciding.duty} filled={deciding.filled} onClose={close} />}
    </>
  )
}

/** The answer to the page's question, in one line. */
function Covered({ page }: { readonly page: SchoolDuties }) {
  const open = without(page.classes).length
  const day = workDay(page.date)
  if (page.classes.length > 0 && page.classes.every(({ lessons }) => !lessons))
    return (
      <Strip kind="plain">
        <Trans>{day}は授業のない日です。補欠は要りません。</Trans>
      </Strip>
    )
  if (open)
    return (
      <Strip kind="look" live>
        <strong>
          <Plural value={open} other="#学級に、みる人がいません" />
        </strong>{' '}
        <span className={panel.whole}>{day}</span>
      </Strip>
    )
  return (
    <Strip kind="good" live>
      <strong>
        <Trans>どの学級にも、みる人がいます</Trans>
      </strong>{' '}
      <span className={panel.whole}>{day}</span>
    </Strip>
  )
}

interface PartProps {
  readonly page: SchoolDuties
  readonly onDecide: (what: Deciding) => void
}

function Classes({ page, onDecide }: PartProps) {
  const past = page.date < page.today
  return (
    <Block title={<Trans>学級</Trans>} aside={<Trans>みる人がいない学級が上です</Trans>} table>
      <Table
        rows={page.classes}
        id={(one) => one.class.id}
        columns={[
          {
            head: <Trans>学級</Trans>,
            cell: (one) => (
              <Link to="/classes/$classId/days/$date/roll" params={{ classId: one.class.id, date: page.date }}>
                {one.class.name}
              </Link>
            ),
          },
          { head: <Trans>みる人</Trans>, cell: (one) => <Takers of={one} /> },
          { head: <Trans>名簿</Trans>, cell: (one) => <ListLink of={one} date={page.date} /> },
          { head: <Trans>朝の記録</Trans>, cell: ({ taken_at: at }) => (at === null ? '―' : timeOf(at, page.date)), wide: true },
          {
            head: <Trans>補欠</Trans>,
            cell: (one) =>
              !one.lessons ? (
                <span className={`${panel.aside} ${panel.whole}`}>
                  <Trans>授業なし</Trans>
                </span>
              ) : page.may.substitute && !past ? (
                <StandInButton of={one} page={page} onPress={() => onDecide({ act: 'stand-in', of: one })} />
              ) : null,
          },
        ]}
      />
    </Block>
  )
}

function ListLink({ of, date }: { readonly of: ClassDuties; readonly date: Day }) {
  const { t } = useLingui()
  const name = of.class.name
  return (
    <Link to="/classes/$classId/days/$date/list" params={{ classId: of.class.id, date }} aria-label={t`${name}の名簿`} className={panel.whole}>
      <Trans>名簿</Trans>
    </Link>
  )
}

function StandInButton({ of, page, onPress }: { readonly of: ClassDuties; readonly page: SchoolDuties; readonly onPress: () => void }) {
  const { t } = useLingui()
  const name = of.class.name
  return (
    <Button
      size="small"
      look={of.takers.length === 0 && of === page.classes[0] ? 'filled' : 'line'}
      onPress={onPress}
      aria-label={t`${name}の補欠を決める`}
    >
      <span className={panel.whole}>
        <Trans>決める</Trans>
      </span>
    </Button>
  )
}

function Takers({ of }: { readonly of: ClassDuties }) {
  if (!of.takers.length)
    return (
      <span className={of.lessons ? panel.wait : panel.aside}>
        <Trans>いません</Trans>
      </span>
    )
  return (
    <ul className={styles.takers}>
      {of.takers.map((duty) => (
        <li key={duty.id}>
          <span className={styles.word} data-kind={duty.kind}>
            {duty.word}
          </span>{' '}
          <span className={panel.whole}>{fullName(duty.staff)}</span>
        </li>
      ))}
    </ul>
  )
}
