import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { peopleQuery, placesQuery, type Found, type Hat } from '~/api/people'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Choose, Field } from '~/parts/Field'
import { LinkButton } from '~/parts/LinkButton'
import { kanaOf, Name } from '~/parts/Name'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Table, type TableColumn } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import styles from './Page.module.css'

const route = getRouteApi('/inside/people')
const FIRST = 100
const ALL = 1000

/** 名簿: the list of a class or a school, narrowed as one types. Every name leads to its card. */
export default function PeoplePage() {
  const { t } = useLingui()
  const asked = route.useSearch()
  const navigate = route.useNavigate()
  const [rows, setRows] = useState(FIRST)
  const places = useRead(placesQuery(asked.school))
  useScreen(t`名簿`, [{ keys: 'Ctrl+K', word: t`人をさがす` }])
  const school = asked.school ?? places.data?.schools[0]?.id
  const classId = asked.hat === undefined ? asked.class : undefined
  const hat: Hat = asked.hat ?? 'pupil'
  const invites = useMe().roles.some(({ kind, school: of }) => of?.id === school && ['principal', 'vice_principal', 'office'].includes(kind))
  const list = useRead({
    ...peopleQuery({ q: asked.q, hat, school, class_id: classId, rows }),
    enabled: school !== undefined,
  })

  const change = (part: Partial<typeof asked>) => {
    setRows(FIRST)
    void navigate({ search: { ...asked, ...part }, replace: true })
  }

  if (places.error && !places.data)
    return (
      <div className={panel.screen}>
        <Place title={t`名簿`} />
        <CannotRead error={places.error} what={t`名簿`} onRetry={places.again} />
      </div>
    )
  if (places.data && places.data.schools.length === 0)
    return (
      <div className={panel.screen}>
        <Place title={t`名簿`} />
        <Empty title={<Trans>見られる名簿はありません</Trans>}>
          <Trans>学校に職務のある人と、名簿を受け持つ課の人が見られます。仕事で必要なときは管理者に伝えてください。</Trans>
        </Empty>
      </div>
    )
  const schools = places.data?.schools ?? []
  const name = schools.find(({ id }) => id === school)?.name
  return (
    <div className={`${panel.screen} ${styles.page}`}>
      <Place title={t`名簿`} of={name ? [name] : []} />
      <search className={styles.filters} aria-label={t`名簿をしぼる`}>
        {schools.length > 1 && (
          <Choose
            label={<Trans>学校</Trans>}
            value={school ?? ''}
            onChange={(value) => change({ school: value, class: undefined })}
            options={schools.map(({ id, name: word }) => ({ value: id, word }))}
          />
        )}
        <Choose
          label={<Trans>だれの</Trans>}
          value={hat}
          onChange={(value) => change({ hat: value === 'pupil' ? undefined : (value as 'staff' | 'guardian') })}
          options={[
            { value: 'pupil', word: t`児童生徒` },
            { value: 'staff', word: t`職員` },
            { value: 'guardian', word: t`保護者` },
          ]}
        />
        {hat === 'pupil' && (
          <Choose
            label={<Trans>学級</Trans>}
            value={asked.class ?? ''}
            onChange={(value) => change({ class: value || undefined })}
            options={[{ value: '', word: t`すべて` }, ...(places.data?.classes ?? []).map(({ id, name: word }) => ({ value: id, word }))]}
          />
        )}
        <Words key={`${school} ${hat}`} value={asked.q ?? ''} onSettle={(q) => change({ q: q || undefined })} />
      </search>
      {invites && (
        <div className={panel.bar}>
          <LinkButton to="/people/invitations" size="small">
            <Trans>保護者の招待</Trans>
          </LinkButton>
        </div>
      )}
      {list.data ? (
        <List people={list.data.people} hat={hat} more={list.data.more} all={() => setRows(ALL)} q={asked.q} unknown={list.data.unknown_class} />
      ) : list.error ? (
        <CannotRead error={list.error} what={t`名簿`} onRetry={list.again} />
      ) : (
        <LoadingRows rows={12} />
      )}
    </div>
  )
}

/** What is typed goes into the address when the fingers rest. */
function Words({ value, onSettle }: { readonly value: string; readonly onSettle: (q: string) => void }) {
  const [typed, setTyped] = useState(value)
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => onSettle(typed), 150)
    return () => clearTimeout(timer)
  }, [typed, value, onSettle])
  return <Field label={<Trans>名前・よみ・番号</Trans>} type="search" value={typed} onChange={setTyped} />
}

interface ListProps {
  readonly people: readonly Found[]
  readonly hat: Hat
  readonly more: boolean
  readonly all: () => void
  readonly q: string | undefined
  /** A class that the school does not have. */
  readonly unknown: string | null
}

function List({ people, hat, more, all, q, unknown }: ListProps) {
  const n = people.length
  if (unknown !== null)
    return (
      <Empty title={<Trans>「{unknown}」という学級はありません</Trans>}>
        <Trans>上の「学級」の一覧にある名前を書いてください。</Trans>
      </Empty>
    )
  if (n === 0)
    return (
      <Empty title={q ? <Trans>「{q}」の人は、この中にいません</Trans> : <Trans>だれもいません</Trans>}>
        <Trans>しぼり方を変えるか、Ctrl+K でほかの学級もさがせます。</Trans>
      </Empty>
    )
  return (
    <>
      <Block title={<Trans>名簿</Trans>} aside={more ? <Trans>はじめの{n}人</Trans> : <Trans>{n}人</Trans>} table>
        <Table rows={people} id={({ person }) => person.id} columns={columnsOf(hat)} />
      </Block>
      {more && (
        <div>
          <Button onPress={all}>
            <Trans>残りも表示</Trans>
          </Button>
        </div>
      )}
    </>
  )
}

function columnsOf(hat: Hat): readonly TableColumn<Found>[] {
  const name: TableColumn<Found> = {
    head: <Trans>氏名</Trans>,
    cell: ({ person }) => (
      <Link to="/people/$personId" params={{ personId: person.id }}>
        <Name person={person} />
      </Link>
    ),
  }
  const kana: TableColumn<Found> = { head: <Trans>よみ</Trans>, cell: ({ person }) => <span className={panel.aside}>{kanaOf(person)}</span>, wide: true }
  if (hat === 'pupil')
    return [
      name,
      kana,
      { head: <Trans>学級</Trans>, cell: ({ school_class }) => school_class?.name ?? '―' },
      { head: <Trans>番号</Trans>, cell: ({ number }) => number ?? '―', number: true },
    ]
  return [name, kana, { head: hat === 'staff' ? <Trans>職務</Trans> : <Trans>子</Trans>, cell: ({ of }) => of ?? '―' }]
}
