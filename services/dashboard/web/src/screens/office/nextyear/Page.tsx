import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { uuid7 } from '~/api/uuid7'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Unsaved } from '~/app/Unsaved'
import { schoolYearWord } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { useMedia } from '~/parts/useMedia'
import panel from '~/parts/Panel.module.css'
import '../words'
import { KEY, planPath, planQuery, type PlanPage } from './data'
import { Picked } from './Picked'
import { Rooms } from './Rooms'
import { present } from './drafting'
import { broken, nextName, numbered, roomsOf, seated } from './rules'
import { usePlan } from './usePlan'
import styles from './Page.module.css'

const Paste = lazy(() => import('./Paste'))
const Propose = lazy(() => import('./Propose'))

const route = getRouteApi('/inside/schools/$schoolId/class-plans/$year')

/** 来年度の学級: who will sit where, made beside this year until it is right. */
export default function ClassPlanPage() {
  const { t } = useLingui()
  const { schoolId, year } = route.useParams()
  const { data, error, again } = useRead(planQuery(schoolId, Number(year)))
  useScreen(t`来年度の学級`, [
    { keys: '← →', word: t`えらんだ子をとなりの学級へ` },
    { keys: 'Space', word: t`子をえらぶ` },
  ])
  return (
    <div className={panel.screen}>
      <Place title={t`来年度の学級`} of={data ? [data.school_name, schoolYearWord(data.year)] : []} />
      {!data ? (
        error ? (
          <CannotRead error={error} what={t`来年度の学級`} onRetry={again} />
        ) : (
          <LoadingRows rows={12} />
        )
      ) : data.grades.length === 0 ? (
        <Empty title={<Trans>来年度の子がまだいません</Trans>}>
          <Trans>名簿か学齢簿を取り込むと、ここに並びます。</Trans>
        </Empty>
      ) : (
        <Work key={`${schoolId} ${year}`} page={data} />
      )}
    </div>
  )
}

type Doing = 'propose' | 'paste' | null

function Work({ page }: { readonly page: PlanPage }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const saving = useCommand<PlanPage>(me.person.id)
  const { plan, seen, dirty, resumed, outdated, change, undo, settle, rebase, forget } = usePlan(page)
  const [chosen, setGrade] = useState('')
  const grade = page.grades.some(([code]) => code === chosen) ? chosen : (page.grades[0]?.[0] ?? '')
  const [picked, setPicked] = useState<readonly string[]>([])
  const [doing, setDoing] = useState<Doing>(null)
  const [saved, setSaved] = useState(false)
  const phone = useMedia('screen and (max-width: 47.9375em)')
  const here = page.pupils.filter((one) => one.grade === grade)
  const rooms = roomsOf(plan, grade)
  const without = (code: string) => page.pupils.filter((one) => one.grade === code && plan.seats[one.pupil.id] === undefined).length
  const left = page.pupils.filter(({ pupil }) => plan.seats[pupil.id] === undefined).length
  const names = new Map(page.pupils.map(({ pupil }) => [pupil.id, fullName(pupil)]))
  const unkept = broken(plan)

  const wish = (kind: 'apart' | 'together') => {
    change({ ...plan, [kind]: [...plan[kind], picked] })
    setPicked([])
  }
  const addRoom = () => change({ ...plan, classes: [...plan.classes, { id: uuid7(), name: nextName(plan, (place) => t`${Number(grade.slice(1))}年${place}組`), grade, special_needs: false, homeroom: null }] })

  const off = saving.sending ? t`保存しています` : dirty ? (outdated ? t`先に、保存された案に重ねるか、捨てるかを選んでください` : undefined) : t`変えたところがありません`

  async function save() {
    if (off !== undefined) return
    const key = [KEY, page.school, page.year]
    const kept = await saving.send(planPath(page.school, page.year), { seen, plan: present(plan, page.pupils) })
    // A refusal may mean that somebody else came first: what they have saved is read, and nothing here is lost.
    if (!kept) return queries.invalidateQueries({ queryKey: key })
    settle(plan, kept)
    setSaved(true)
    queries.setQueryData(key, kept)
  }
  const more = (
    <>
      <Button onPress={() => setDoing('paste')}>
        <Trans>表から貼り付ける</Trans>
      </Button>
      <Button onPress={addRoom}>
        <Trans>学級を足す</Trans>
      </Button>
      <Button onPress={() => change(numbered(plan, page.pupils, rooms))}>
        <Trans>番号を五十音順に付ける</Trans>
      </Button>
    </>
  )
  const last = (
    <>
      <Button look="text" onPress={() => print()}>
        <Trans>印刷</Trans>
      </Button>
      <LinkButton to="/schools/$schoolId/rollover/$year" params={{ schoolId: page.school, year: String(page.year) }}>
        <Trans>年度更新の見通し</Trans>
      </LinkButton>
    </>
  )
  const decide = (what: () => void) => () => {
    saving.forget()
    what()
  }

  return (
    <>
      <div className={styles.bar} role="group" aria-label={t`学年`}>
        {page.grades.map(([code, word]) => (
          <button
            key={code}
            type="button"
            className={styles.grade}
            aria-pressed={code === grade}
            onClick={() => {
              setGrade(code)
              setPicked([])
            }}
          >
            {word} {without(code) > 0 && <Plural value={without(code)} other="（あと#人）" />}
          </button>
        ))}
      </div>
      <div className={styles.bar}>
        <Button onPress={() => setDoing('propose')}>
          <Trans>案をつくる</Trans>
        </Button>
        {!phone && more}
        {dirty && (
          <Button look="text" onPress={undo} off={saving.sending ? t`保存しています` : undefined}>
            <Trans>元に戻す</Trans>
          </Button>
        )}
        <Button look="filled" onPress={() => void save()} off={off}>
          <Trans>学級の案を保存</Trans>
        </Button>
        {phone ? (
          <details className={styles.more}>
            <summary>
              <Trans>ほかの操作</Trans>
            </summary>
            <div className={styles.bar}>
              {more}
              {last}
            </div>
          </details>
        ) : (
          last
        )}
      </div>
      {!outdated && <Refused error={saving.error} />}
      {saved && !dirty && (
        <Strip kind="good" live>
          <Trans>学級の案を保存しました。</Trans>
        </Strip>
      )}
      {dirty && <Unsaved title={<Trans>学級の案をまだ保存していません</Trans>} onDrop={forget} />}
      {resumed && !outdated && (
        <Strip kind="look">
          <Trans>前に変えて、まだ保存していない案の続きです。保存するか、元に戻してください。</Trans>
        </Strip>
      )}
      {outdated && (
        <Strip
          kind="look"
          live
          action={
            <>
              <Button size="small" onPress={decide(rebase)}>
                <Trans>保存された案に重ねる</Trans>
              </Button>
              <Button size="small" onPress={decide(forget)}>
                <Trans>自分の変更を捨てる</Trans>
              </Button>
            </>
          }
        >
          <Trans>変えているあいだに、この案がほかで保存されました。あなたの変更は、まだ保存していません。</Trans>
        </Strip>
      )}
      {(page.unnamed[grade] ?? 0) > 0 && (
        <Strip kind="plain">
          <Plural value={page.unnamed[grade] ?? 0} other="ほかの学校から来る、名前を出せない子が#人います。入学してから、その子のカードで学級を決めます。" />
        </Strip>
      )}
      {unkept.length > 0 && (
        <Strip kind="look" live>
          <ul>
            {unkept.map(({ kind, pupils }, i) => (
              <li key={i}>
                {pupils.map((pupil) => names.get(pupil) ?? '').join(t`、`)} {kind === 'apart' ? <Trans>: べつの学級の約束が、同じ学級です</Trans> : <Trans>: 同じ学級の約束が、分かれています</Trans>}
              </li>
            ))}
          </ul>
        </Strip>
      )}
      {unkept.length === 0 && left === 0 && (
        <Strip kind="good" live>
          {dirty ? <Trans>全員の学級が決まりました。まだ保存していません。</Trans> : <Trans>全員の学級が決まっています。4月1日までは案のままです。</Trans>}
        </Strip>
      )}
      <Rooms plan={plan} here={here} rooms={rooms} picked={picked} onPick={setPicked} onSeat={(pupils, room) => change(seated(plan, pupils, room))} />
      {picked.length > 0 && (
        <Picked
          n={picked.length}
          rooms={rooms}
          onSeat={(room) => {
            change(seated(plan, picked, room))
            setPicked([])
          }}
          onWish={wish}
          onDrop={() => setPicked([])}
        />
      )}
      <Suspense>
        {doing === 'propose' && <Propose page={page} plan={plan} grade={grade} onClose={() => setDoing(null)} onPlan={change} />}
        {doing === 'paste' && <Paste page={page} plan={plan} onClose={() => setDoing(null)} onPlan={change} />}
      </Suspense>
    </>
  )
}
