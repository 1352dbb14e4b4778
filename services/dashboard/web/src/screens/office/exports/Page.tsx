import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useRead } from '~/api/useRead'
import { useCommand } from '~/api/useCommand'
import { signInAddress } from '~/api/session'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { clockTime, instant, timeOf, workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { counted } from '~/parts/counted'
import { LinkButton, PlainLinkButton } from '~/parts/LinkButton'
import { Refused } from '~/parts/Refused'
import { CannotRead, Empty, LoadingRows, NoRight } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { Ask } from './Ask'
import { BASE, exportsQuery } from './data'
import { megabytes } from './rules'
import type { Export, Exports } from './types'
import styles from './exports.module.css'

/** 名簿の書き出し: a roster leaves, for a purpose, for who asked, and is gone from here in an hour. */
export default function ExportsPage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(exportsQuery)
  useScreen(t`名簿の書き出し`)
  return (
    <div className={panel.screen}>
      <Place title={t`名簿の書き出し`} />
      {data ? (
        data.may ? (
          <Work page={data} />
        ) : (
          <NoRight />
        )
      ) : error ? (
        <CannotRead error={error} what={t`名簿の書き出し`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function Work({ page }: { readonly page: Exports }) {
  const kept = page.kept_minutes
  return (
    <>
      {page.fresh ? (
        <Block title={<Trans>名簿を書き出す</Trans>}>
          <Ask page={page} />
        </Block>
      ) : (
        <Strip
          kind="look"
          action={
            <PlainLinkButton size="small" href={signInAddress('/exports', true)}>
              <Trans>本人確認をする</Trans>
            </PlainLinkButton>
          }
        >
          <Trans>名簿を持ち出す操作なので、書き出す前と受け取る前に、5分以内の本人確認が要ります。終わると、この画面に戻ります。</Trans>
        </Strip>
      )}
      <Done exports={page.exports} />
      <p className={panel.note}>
        <Trans>書き出したものは{kept}分だけここに置かれ、そのあと消えます。受け取れるのは書き出した人だけで、だれが何のために書き出し、受け取ったかは記録に残ります。</Trans>
      </p>
      <div className={panel.bar}>
        <LinkButton to="/imports">
          <Trans>名簿取込へ</Trans>
        </LinkButton>
      </div>
    </>
  )
}

function Done({ exports }: { readonly exports: readonly Export[] }) {
  const me = useMe()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<{ readonly ticket?: string }>(me.person.id)
  async function fetchIt(id: string) {
    if (sending) return
    const given = await send(`${BASE}/${id}/ticket`, {})
    if (given?.ticket !== undefined) location.assign(`${BASE}/${id}/file?ticket=${encodeURIComponent(given.ticket)}`)
    else await queries.invalidateQueries({ queryKey: exportsQuery.queryKey })
  }
  async function remove(id: string) {
    if (!sending) await send(`${BASE}/${id}/remove`, {})
    await queries.invalidateQueries({ queryKey: exportsQuery.queryKey })
  }
  if (!exports.length)
    return (
      <Empty title={<Trans>まだ書き出しがありません</Trans>}>
        <Trans>書き出すと、いつ・だれが・何のために書き出したかがここに残ります。</Trans>
      </Empty>
    )
  return (
    <Block title={<Trans>書き出しの記録</Trans>} table>
      <Refused error={error} />
      <Table
        rows={exports}
        id={({ id }) => id}
        columns={[
          { head: <Trans>いつ</Trans>, cell: ({ made_at }) => timeOf(made_at, me.today) },
          { head: <Trans>状態</Trans>, cell: (one) => <State of={one} onFetch={() => void fetchIt(one.id)} onRemove={() => void remove(one.id)} /> },
          { head: <Trans>何を</Trans>, cell: (one) => <What of={one} /> },
          { head: <Trans>何のために</Trans>, cell: ({ purpose }) => <span className={styles.words}>{purpose}</span> },
          { head: <Trans>だれが</Trans>, cell: ({ by }) => by, wide: true },
        ]}
      />
    </Block>
  )
}

function What({ of: { since, profile, school_name: school, for_others: others, protected: guarded, children_protected: n, as_of } }: { readonly of: Export }) {
  const { t } = useLingui()
  const me = useMe()
  const from = timeOf(since, me.today)
  const day = workDay(as_of)
  const words = [
    since === null ? t`全件` : t`${from}から変わったところ`,
    profile,
    school ?? t`市の全校`,
    ...(as_of > me.today ? [t`${day}の名簿`] : []),
    ...(others ? [t`ほかのシステムへ`] : []),
    ...(n === null || n === 0 ? [] : guarded ? [t`支援措置の子${n}人を含む`] : [t`支援措置の子${n}人は入っていない`]),
  ]
  return <span className={styles.words}>{words.join(t`・`)}</span>
}

function State({ of: { state, mine, written, bytes, until, stopped }, onFetch, onRemove }: { readonly of: Export; readonly onFetch: () => void; readonly onRemove: () => void }) {
  const at = until === null ? null : instant(until)
  const time = at === null ? '' : clockTime(at)
  const size = megabytes(bytes)
  const people = counted(written)
  switch (state) {
    case 'writing':
      return written > 0 ? <Trans>書き出しています（{people}人）</Trans> : <Trans>書き出しています</Trans>
    case 'stopped':
      return <span className={`${styles.words} ${panel.wait}`}>{stopped}</span>
    case 'removed':
      return <Trans>消えました</Trans>
    case 'ready':
      return (
        <span className={panel.bar}>
          {mine && (
            <Button look="filled" size="small" onPress={onFetch}>
              <Trans>受け取る（{size} MB）</Trans>
            </Button>
          )}
          <Trans>{time}に消えます</Trans>
          <Button look="text" size="small" onPress={onRemove}>
            <Trans>いま捨てる</Trans>
          </Button>
        </span>
      )
  }
}
