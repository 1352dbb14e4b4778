import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { schoolYearWord, workDay } from '~/dates/dates'
import { Choose } from '~/parts/Field'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import '../words'
import { addressOf as registerAddress } from '../sheet/data'
import { beside } from '../sheet/rules'
import { Files, Months, useMonthKeys } from '../sheet/Turning'
import { STATES } from '../sheet/words'
import { hoursAddress, hoursPath, hoursQuery, type HoursSheet } from './data'
import { Table } from './Table'
import styles from '../sheet/Page.module.css'

const route = getRouteApi('/inside/classes/$classId/lessons/$sheet')

/** 欠課時数: a class's lessons per child, of a month and of the year so far; counted from the marks. */
export default function HoursPage() {
  const { t } = useLingui()
  const router = useRouter()
  const { classId, sheet } = route.useParams()
  const { data, error, again } = useRead(hoursQuery(classId, sheet))
  const { before, after } = beside(data?.months ?? [], sheet)
  const go = (to: string | undefined) => to !== undefined && router.history.push(hoursAddress(classId, to))
  useScreen(
    data ? `${t`欠課時数`} ${data.name}` : t`欠課時数`,
    [
      { keys: '←', word: t`前の月` },
      { keys: '→', word: t`次の月` },
    ],
    { p: () => go(before), n: () => go(after) },
  )
  useMonthKeys(() => go(before), () => go(after))
  return (
    <div className={panel.screen}>
      <Place title={t`欠課時数`} of={data ? [data.school.name, data.name] : []} beside={data && { href: registerAddress(classId, sheet), word: t`出席簿` }} />
      {data && (
        <>
          <Months months={data.months} sheet={sheet} before={before} after={after} addressOf={(one) => hoursAddress(classId, one)} />
          <Bar of={data} sheet={sheet} />
        </>
      )}
      {data ? <Shown of={data} /> : error ? <CannotRead error={error} what={t`この学級の欠課時数`} onRetry={again} /> : <LoadingRows rows={18} />}
    </div>
  )
}

function Bar({ of, sheet }: { readonly of: HoursSheet; readonly sheet: string }) {
  const { t, i18n } = useLingui()
  const router = useRouter()
  const who = of.homerooms.join(t`・`)
  const day = of.through === null ? '' : workDay(of.through)
  return (
    <div className={panel.bar}>
      {of.classes.length > 1 && (
        <Choose label={t`学級`} value={of.class_id} onChange={(id) => router.history.push(hoursAddress(id, sheet))} options={of.classes.map(({ id, name }) => ({ value: id, word: name }))} />
      )}
      <p className={panel.aside}>
        {of.month === null && `${schoolYearWord(of.school_year)}　`}
        {who !== '' && <Trans>担任 {who}　</Trans>}
        {day !== '' && (
          <Trans>
            授業時数 {of.lessons}時間（{day}まで）
          </Trans>
        )}
        {of.state !== null && `　${i18n._(STATES[of.state])}`}
      </p>
      {of.lessons > 0 && (
        <span className={styles.files}>
          <Files path={hoursPath(of.class_id, sheet)} />
        </span>
      )}
    </div>
  )
}

function Shown({ of }: { readonly of: HoursSheet }) {
  if (!of.lessons)
    return (
      <Empty title={<Trans>確定した時限がありません</Trans>}>
        <Trans>時限ごとの出欠を確定すると、ここで数えます。</Trans>
      </Empty>
    )
  if (!of.lines.length)
    return (
      <Empty title={<Trans>在籍している子がいません</Trans>}>
        <Trans>名簿に在籍が入ると、ここに並びます。</Trans>
      </Empty>
    )
  return <Table sheet={of} />
}
