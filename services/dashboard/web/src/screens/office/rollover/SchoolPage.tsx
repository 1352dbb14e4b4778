import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { schoolYearWord } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { counted } from '~/parts/counted'
import { LinkButton } from '~/parts/LinkButton'
import { Name } from '~/parts/Name'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { schoolQuery } from './data'
import { settledHere } from './rules'
import type { Kind, Listed, SchoolRollover } from './types'
import styles from './rollover.module.css'

const route = getRouteApi('/inside/schools/$schoolId/rollover/$year')

/** What the new year does to one school, and by name whom somebody has to look after. */
export default function SchoolRolloverPage() {
  const { t } = useLingui()
  const { schoolId, year } = route.useParams()
  const { data, error, again } = useRead(schoolQuery(year, schoolId))
  useScreen(t`年度更新の見通し`)
  return (
    <div className={panel.screen}>
      <Place title={t`年度更新の見通し`} of={data ? [data.school_name, schoolYearWord(data.year)] : []} />
      {data ? (
        <Found page={data} year={year} />
      ) : error ? (
        <CannotRead error={error} what={t`年度更新の見通し`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function Found({ page, year }: { readonly page: SchoolRollover; readonly year: string }) {
  const { t } = useLingui()
  const me = useMe()
  const { numbers, school } = page
  const lacking = Object.keys(numbers.lacking).join(t`・`)
  const teachers = numbers.without_teacher
  return (
    <>
      {numbers.classes === null && (
        <Strip
          kind="look"
          action={
            page.may_plan && (
              <LinkButton size="small" to="/schools/$schoolId/class-plans/$year" params={{ schoolId: school, year }}>
                <Trans>学級の案をつくる</Trans>
              </LinkButton>
            )
          }
        >
          <Plural value={numbers.pupils} other="来年度の学級の案がまだありません。このままでは、#人の学級が決まらないまま4月1日になります。" />
        </Strip>
      )}
      {teachers > 0 && (
        <Strip kind="plain">
          <Plural value={teachers} other="担任の決まっていない学級が#学級あります。学級の案か、学級をみる人で決めます。" />
        </Strip>
      )}
      {lacking !== '' && (
        <Strip kind="plain">
          <Trans>4月1日に{lacking}がいません。人事異動を取り込むか、職務を入れてください。</Trans>{' '}
          <Link to="/schools/$schoolId/days/$date/duties" params={{ schoolId: school, date: me.today }}>
            <Trans>職務を開く</Trans>
          </Link>
        </Strip>
      )}
      <What page={page} />
      {page.lists.map((list) => (
        <People key={list.kind} list={list} page={page} year={year} />
      ))}
      {page.lists.length === 0 && numbers.classes !== null && (
        <Strip kind="good">
          <Trans>全員の進む学校と学級が決まっています。</Trans>
        </Strip>
      )}
    </>
  )
}

interface Line {
  readonly word: string
  readonly number: number
  /** What the lines after, or before, it come to; shown though nobody is left. */
  readonly sum?: true
}

function What({ page: { numbers } }: { readonly page: SchoolRollover }) {
  const { t } = useLingui()
  const { became } = numbers
  const rows: readonly Line[] = [
    { word: t`いま（3月31日）在籍する`, number: numbers.here, sum: true },
    { word: t`進級する`, number: became.promoted ?? 0 },
    { word: t`原級にとどまる`, number: became.repeating ?? 0 },
    { word: t`来年度もこの学校と、もう決まっている`, number: settledHere(numbers) },
    ...numbers.to.map(({ name, number }) => ({ word: t`${name}に進む`, number })),
    { word: t`卒業する（進学先が分からない子を含む）`, number: became.graduating ?? 0 },
    ...numbers.coming.map(({ name, number }) => ({ word: t`${name}から来る`, number })),
    { word: t`新しく入る`, number: became.new ?? 0 },
    { word: t`来年度（4月1日）在籍する`, number: numbers.pupils, sum: true },
    { word: t`交流の学級がいまある`, number: numbers.exchange },
  ]
  return (
    <Block title={<Trans>4月1日の前とあと</Trans>} table>
      <div className={styles.numbers}>
        <Table
          rows={rows.filter(({ number, sum }) => number > 0 || sum)}
          id={({ word }) => word}
          columns={[
            { head: <Trans>どうなるか</Trans>, cell: ({ word }) => word },
            { head: <Trans>人数</Trans>, cell: ({ number, sum }) => (sum ? <strong>{counted(number)}</strong> : number), number: true },
          ]}
        />
      </div>
    </Block>
  )
}

function People({ list: { kind, pupils, number, hidden }, page, year }: { readonly list: Listed; readonly page: SchoolRollover; readonly year: string }) {
  const more = number - hidden - pupils.length
  return (
    <Block title={<KindWord kind={kind} />} aside={<Plural value={number} other="#人" />} table>
      {kind === 'without_class' && page.may_plan && (
        <LinkButton size="small" to="/schools/$schoolId/class-plans/$year" params={{ schoolId: page.school, year }}>
          <Trans>学級の案で決める</Trans>
        </LinkButton>
      )}
      {pupils.length > 0 && (
        <Table
          rows={pupils}
          id={({ pupil }) => pupil.id}
          columns={[
            {
              head: <Trans>氏名</Trans>,
              cell: ({ pupil }) => (
                <Link to="/people/$personId" params={{ personId: pupil.id }}>
                  <Name person={pupil} ruby />
                </Link>
              ),
            },
            { head: <Trans>学年</Trans>, cell: ({ grade }) => grade },
            { head: <Trans>いまの学級</Trans>, cell: ({ class_name: name }) => name ?? '' },
            { head: <Trans>来年度の学校</Trans>, cell: ({ next_school: name }) => name ?? <span className={panel.wait}><Trans>決まっていません</Trans></span> },
          ]}
        />
      )}
      {more > 0 && (
        <p className={panel.note}>
          <Plural value={more} other="ほか#人" />
        </p>
      )}
      {hidden > 0 && (
        <p className={panel.note}>
          <Plural value={hidden} other="ほかに#人いますが、ここには名前を出しません。" />
        </p>
      )}
    </Block>
  )
}

function KindWord({ kind }: { readonly kind: Kind }) {
  if (kind === 'nowhere') return <Trans>進学先が分からない卒業生</Trans>
  if (kind === 'without_class') return <Trans>来年度の学級が決まっていない子</Trans>
  return <Trans>原級にとどまる子</Trans>
}
