import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { isGone } from '~/api/problem'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { CannotRead, Empty, LoadingRows, NoRight } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import '../words'
import { questionsQuery } from '../samepeople/data'
import { Bring } from './Bring'
import { importsQuery } from './data'
import { RunState, UploadStateWord } from './StateWords'
import { begin } from './sending'
import type { Imports, Run, Upload } from './types'
import styles from './imports.module.css'

const BOARD = 'board'

/** 名簿取込: bring a roster without fear. */
export default function ImportsPage() {
  const { t } = useLingui()
  const { data, error, refetch, fetchNextPage, hasNextPage } = useInfiniteQuery(importsQuery)
  const pages = isGone(error) ? undefined : data?.pages
  useScreen(t`名簿取込`)
  return (
    <div className={panel.screen}>
      <Place title={t`名簿取込`} />
      {pages && !pages[0]!.scopes.length ? (
        <NoRight />
      ) : pages ? (
        <>
          <New imports={pages[0]!} />
          {pages[0]!.scopes.some(({ school }) => school === null) && <Same />}
          <Open uploads={pages[0]!.uploads} />
          <Runs runs={pages.flatMap(({ runs }) => runs)} />
          {hasNextPage && (
            <div>
              <Button onPress={() => void fetchNextPage()}>
                <Trans>前の取り込みも見る</Trans>
              </Button>
            </div>
          )}
        </>
      ) : error ? (
        <CannotRead error={error} what={t`名簿の取り込み`} onRetry={() => void refetch()} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function New({ imports: { scopes } }: { readonly imports: Imports }) {
  const { t } = useLingui()
  const me = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const only = scopes.length === 1 ? (scopes[0]!.school ?? BOARD) : null
  const [chosen, setChosen] = useState<string | null>(only)
  async function bring(files: readonly File[]) {
    const id = await begin(chosen === BOARD ? null : chosen, files, me.person.id)
    void queries.invalidateQueries({ queryKey: ['imports'] })
    await navigate({ to: '/imports/uploads/$uploadId', params: { uploadId: id } })
  }
  return (
    <Block title={<Trans>名簿を取り込む</Trans>}>
      {scopes.length > 1 && (
        <Tiles
          label={t`どの名簿ですか`}
          tiles={scopes.map(({ school, name }) => ({ value: school ?? BOARD, content: name }))}
          value={chosen}
          onChange={setChosen}
        />
      )}
      <Bring onFiles={bring} off={chosen === null ? t`どの名簿かを先に選んでください` : undefined} />
      {scopes.some(({ school }) => school === null) && (
        <div className={styles.buttons}>
          <LinkButton size="small" to="/imports/gakureibo">
            <Trans>学齢簿（新入学・転入）を取り込む</Trans>
          </LinkButton>
          <LinkButton size="small" to="/exports">
            <Trans>名簿を書き出す</Trans>
          </LinkButton>
        </div>
      )}
    </Block>
  )
}

/** What an import could not tell by itself: whether two cards are of one child. */
function Same() {
  const { data } = useQuery(questionsQuery('open'))
  if (!data || (data.questions.length === 0 && !data.may_ask)) return null
  if (data.questions.length === 0)
    return (
      <p>
        <LinkButton size="small" to="/imports/same-people">
          <Trans>名寄せを見る</Trans>
        </LinkButton>
      </p>
    )
  return (
    <Strip
      kind="look"
      action={
        <LinkButton size="small" to="/imports/same-people">
          <Trans>名寄せを確かめる</Trans>
        </LinkButton>
      }
    >
      <Plural value={data.questions.length} other="同じ子かもしれないカードが#組あります" />
    </Strip>
  )
}

function Open({ uploads }: { readonly uploads: readonly Upload[] }) {
  const me = useMe()
  if (!uploads.length) return null
  return (
    <Block title={<Trans>まだ取り込んでいない名簿</Trans>} aside={<Trans>1日たつと消えます</Trans>} table>
      <Table
        rows={uploads}
        id={({ id }) => id}
        columns={[
          {
            head: <Trans>いつ</Trans>,
            cell: ({ id, made_at }) => (
              <Link to="/imports/uploads/$uploadId" params={{ uploadId: id }}>
                {timeOf(made_at, me.today)}
              </Link>
            ),
          },
          { head: <Trans>だれが</Trans>, cell: ({ by }) => by },
          { head: <Trans>どの名簿</Trans>, cell: ({ school_name, register }) => (register ? <Trans>学齢簿</Trans> : (school_name ?? <Trans>市の名簿</Trans>)), wide: true },
          { head: <Trans>状態</Trans>, cell: (upload) => <UploadStateWord upload={upload} /> },
        ]}
      />
    </Block>
  )
}

function Runs({ runs }: { readonly runs: readonly Run[] }) {
  const me = useMe()
  if (!runs.length)
    return (
      <Empty title={<Trans>まだ取り込みがありません</Trans>}>
        <Trans>取り込むと、いつ・だれが・何が変わったかがここに残り、元に戻すこともできます。</Trans>
      </Empty>
    )
  return (
    <Block title={<Trans>取り込みの記録</Trans>} table>
      <Table
        rows={runs}
        id={({ run }) => String(run)}
        columns={[
          {
            head: <Trans>番号</Trans>,
            cell: ({ run }) => (
              <Link to="/imports/runs/$number" params={{ number: String(run) }}>
                <Trans>取り込み {run}</Trans>
              </Link>
            ),
          },
          { head: <Trans>いつ</Trans>, cell: ({ started_at }) => timeOf(started_at, me.today) },
          { head: <Trans>だれが</Trans>, cell: ({ started_by }) => started_by, wide: true },
          { head: <Trans>どの名簿</Trans>, cell: ({ school_name, mapping }) => (mapping !== null ? <Trans>学齢簿</Trans> : (school_name ?? <Trans>市の名簿</Trans>)), wide: true },
          { head: <Trans>状態</Trans>, cell: (run) => <RunState run={run} /> },
        ]}
      />
    </Block>
  )
}
