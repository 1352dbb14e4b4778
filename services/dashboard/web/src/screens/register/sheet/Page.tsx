import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { Suspense, useEffect, useState } from 'react'
import { forgetSheet, keepSheet } from '~/app/lastSheet'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { schoolYearWord, workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { later } from '~/parts/later'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import '../words'
import { hoursAddress } from '../hours/data'
import { addressOf, registerPath, registerQuery, type Register } from './data'
import { MonthSheet } from './MonthSheet'
import { beside } from './rules'
import { Files, Months, useMonthKeys } from './Turning'
import { STATES } from './words'
import { YearSheet } from './YearSheet'
import styles from './Page.module.css'

const Bundle = later(() => import('./Bundle'))

const route = getRouteApi('/inside/classes/$classId/register/$sheet')

/** 出席簿: a class's month as on paper, and its year; every number is counted from the days. */
export default function RegisterPage() {
  const { t } = useLingui()
  const router = useRouter()
  const { classId, sheet } = route.useParams()
  const { data, error, again } = useRead(registerQuery(classId, sheet))
  const me = useMe()
  const [there, refused] = [data !== undefined, !data && error !== null]
  useEffect(() => {
    if (there) keepSheet(me, addressOf(classId, sheet))
    else if (refused) forgetSheet()
  }, [me, classId, sheet, there, refused])
  const { before, after } = beside(data?.months ?? [], sheet)
  const go = (to: string | undefined) => to !== undefined && router.history.push(addressOf(classId, to))
  useScreen(
    data ? `${t`出席簿`} ${data.name}` : t`出席簿`,
    [
      { keys: '←', word: t`前の月` },
      { keys: '→', word: t`次の月` },
    ],
    { p: () => go(before), n: () => go(after) },
  )
  useMonthKeys(() => go(before), () => go(after))
  return (
    <div className={panel.screen}>
      <Place title={t`出席簿`} of={data ? [data.school.name, data.name] : []} beside={data?.by_lessons ? { href: hoursAddress(classId, sheet), word: t`欠課時数` } : undefined} />
      {data && <Head register={data} sheet={sheet} before={before} after={after} />}
      {data ? <Sheet register={data} /> : error ? <CannotRead error={error} what={t`この学級の出席簿`} onRetry={again} /> : <LoadingRows rows={18} />}
    </div>
  )
}

interface HeadProps {
  readonly register: Register
  readonly sheet: string
  readonly before: string | undefined
  readonly after: string | undefined
}

function Head({ register, sheet, before, after }: HeadProps) {
  const { t, i18n } = useLingui()
  const router = useRouter()
  const { class_id: id } = register
  const [bundling, setBundling] = useState(false)
  return (
    <>
      <Months months={register.months} sheet={sheet} before={before} after={after} addressOf={(one) => addressOf(id, one)} />
      <div className={panel.bar}>
        {register.classes.length > 1 && (
          <label className={styles.picker}>
            <span>
              <Trans>学級</Trans>
            </span>
            <select className={styles.select} value={id} onChange={(event) => router.history.push(addressOf(event.target.value, sheet))}>
              {register.classes.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.state === null ? one.name : t`${one.name}（${i18n._(STATES[one.state])}）`}
                </option>
              ))}
            </select>
          </label>
        )}
        <Told register={register} />
        <span className={styles.files}>
          <Files path={registerPath(id, sheet)} />
          {'month' in register && register.may_bundle && (
            <Button onPress={() => setBundling(true)}>
              <Trans>全学級をまとめて印刷</Trans>
            </Button>
          )}
        </span>
      </div>
      {bundling && 'month' in register && (
        <Suspense fallback={null}>
          <Bundle month={register} onClose={() => setBundling(false)} />
        </Suspense>
      )}
    </>
  )
}

/** Whose class it is, and what the sums stand on. */
function Told({ register }: { readonly register: Register }) {
  const { t } = useLingui()
  const lessons = 'month' in register ? register.lessons : register.lessons.reduce((sum, n) => sum + n, 0)
  const who = register.homerooms.join(t`・`)
  const day = register.through === null ? '' : workDay(register.through)
  return (
    <p className={panel.aside}>
      {!('month' in register) && `${schoolYearWord(register.school_year)}　`}
      {who !== '' && <Trans>担任 {who}　</Trans>}
      {day === '' ? (
        <Trans>まだ始まっていません</Trans>
      ) : (
        <Trans>
          授業日数 {lessons}日（{day}まで）
        </Trans>
      )}
    </p>
  )
}

function Sheet({ register }: { readonly register: Register }) {
  if (!register.lines.length)
    return (
      <Empty title={<Trans>在籍している子がいません</Trans>}>
        <Trans>名簿に在籍が入ると、ここに並びます。</Trans>
      </Empty>
    )
  return (
    <>
      {!register.planned && (
        <Strip kind="look">
          <Trans>この年度の年間予定がまだないので、授業日数を数えられません。事務か教頭に、年間予定の登録を頼んでください。</Trans>
        </Strip>
      )}
      {'month' in register ? <MonthSheet key={`${register.class_id} ${register.month}`} month={register} /> : <YearSheet year={register} />}
    </>
  )
}
