import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { CannotRead, Empty, LoadingRows, NoRight } from '~/parts/States'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { ClassPart } from './ClassPart'
import { NO_CLASS, schoolOf, schoolQuery, type SchoolCounts } from './data'
import { lacking } from './rules'
import { Sheets } from './Sheets'
import { usePrinting } from './usePrinting'

const route = getRouteApi('/inside/people/invitations')

/** 保護者の招待: who has signed in, who holds a sheet, who has none; sheets for those without, class by class. */
export default function InvitationsPage() {
  const { t } = useLingui()
  const school = schoolOf(useMe())
  const { class: classId } = route.useSearch()
  useScreen(t`保護者の招待`)
  if (school === null) return <NoRight />
  return (
    <div className={panel.screen}>
      <Place title={t`保護者の招待`} of={[school.name]} beside={{ href: '/people', word: t`名簿へ` }} />
      {classId === undefined ? <Whole school={school.id} /> : <ClassPart key={classId} school={school.id} classId={classId === NO_CLASS ? null : classId} />}
    </div>
  )
}

function Whole({ school }: { readonly school: string }) {
  const { t } = useLingui()
  const { data, error, again } = useRead(schoolQuery(school))
  if (data) return <Classes of={data} />
  if (error) return <CannotRead error={error} what={t`保護者の招待`} onRetry={again} />
  return <LoadingRows rows={10} />
}

function Classes({ of }: { readonly of: SchoolCounts }) {
  const printing = usePrinting(of.school)
  const n = lacking(of.counts)
  const { guardians, signed_in: inside } = of.counts
  const days = of.days
  if (guardians === 0)
    return (
      <Empty title={<Trans>招待できる保護者がいません</Trans>}>
        <Trans>名簿で、子に保護者をつなぎ、「連絡」か「閲覧」をできるようにすると、ここに出ます。</Trans>
      </Empty>
    )
  return (
    <>
      <p className={panel.note}>
        <Trans>
          保護者{guardians}人のうち{inside}人がサインインしました。紙のコードは1回だけ使え、{days}日で切れます。紙は封筒に入れて、書いてある人に渡してください。
        </Trans>
      </p>
      {n > 0 ? (
        <div className={panel.bar}>
          <Button look="filled" onPress={() => void printing.printAll(of.classes.filter(({ counts }) => lacking(counts) > 0))}>
            <Plural value={n} other="紙のない#人の紙を作る" />
          </Button>
        </div>
      ) : (
        <p>
          <Trans>まだの人には、みな紙があります。</Trans>
        </p>
      )}
      <Sheets printing={printing} />
      <Block title={<Trans>学級</Trans>} table>
        <Table
          rows={of.classes}
          id={({ id }) => id ?? NO_CLASS}
          columns={[
            {
              head: <Trans>学級</Trans>,
              cell: ({ id, name }) => (
                <Link to="/people/invitations" search={{ class: id ?? NO_CLASS }}>
                  {name || <Trans>学級のない子</Trans>}
                </Link>
              ),
            },
            { head: <Trans>保護者</Trans>, cell: ({ counts }) => counts.guardians, number: true },
            { head: <Trans>サインイン済み</Trans>, cell: ({ counts }) => counts.signed_in, number: true },
            { head: <Trans>紙あり</Trans>, cell: ({ counts }) => counts.holding, number: true },
            { head: <Trans>期限切れ</Trans>, cell: ({ counts }) => counts.expired, number: true, wide: true },
            { head: <Trans>紙なし</Trans>, cell: ({ counts }) => counts.none, number: true },
          ]}
        />
      </Block>
      <div className={panel.bar}>
        <LinkButton to="/people">
          <Trans>名簿へ</Trans>
        </LinkButton>
      </div>
    </>
  )
}
