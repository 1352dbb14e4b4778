import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { lazy, Suspense, useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import type { FeedState, Operations, ParkedKey, ServiceState } from '~/api/types'
import { useRead } from '~/api/useRead'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { operationsQuery } from './data'
import { Because, Reason } from './Reason'
import { isBehind, isHealthy, troubles, worstFirst } from './rules'
import { CopyName, ServiceName, useWords } from './words'
import styles from './Page.module.css'

const ParkedDialog = lazy(() => import('./ParkedDialog'))

/** 配信の状態: is anything stuck? */
export default function OperationsPage() {
  const { t } = useLingui()
  const { data, error, dataUpdatedAt, again } = useRead(operationsQuery)
  useScreen(t`配信の状態`)
  return (
    <div className={panel.screen}>
      <Place title={t`配信の状態`} />
      {data ? (
        <>
          <Verdict state={data} at={data.as_of ?? new Date(dataUpdatedAt).toISOString()} />
          <Numbers state={data} />
          <Stopped feeds={troubles(data).stopped} />
          {data.parked.length > 0 && <Parked parked={data.parked} />}
          <div className={panel.two}>
            <Feeds feeds={data.feeds} />
            <Services services={data.services} />
          </div>
        </>
      ) : error ? (
        <CannotRead error={error} what={t`配信の状態`} onRetry={again} />
      ) : (
        <LoadingRows rows={10} />
      )}
    </div>
  )
}

function Verdict({ state, at }: { readonly state: Operations; readonly at: string }) {
  const { down, stopped, behind, parked } = troubles(state)
  const time = timeOf(at)
  if (isHealthy(state))
    return (
      <Strip kind="good" live>
        <strong>
          <Trans>すべて届いています</Trans>
        </strong>{' '}
        <Trans>（{time} 時点）</Trans>
      </Strip>
    )
  return (
    <Strip kind={down.length || stopped.length || parked ? 'wrong' : 'look'} live>
      <strong>
        {down.length > 0 && <Plural value={down.length} other="動いていないサービスが#件あります。" />}
        {stopped.length > 0 && <Plural value={stopped.length} other="止まっている写しが#件あります。" />}
        {parked > 0 && <Plural value={parked} other="取り込めずに待っている記録が#件あります。" />}
        {behind.length > 0 && <Plural value={behind.length} other="1秒より遅れている写しが#件あります。" />}
      </strong>{' '}
      <Trans>（{time} 時点）</Trans>
    </Strip>
  )
}

/** What the verdict stands on, zeros too: nothing is left to be guessed. */
function Numbers({ state }: { readonly state: Operations }) {
  const { t } = useLingui()
  const { down, stopped, behind, parked } = troubles(state)
  const numbers = [
    [t`動いていないサービス`, down.length],
    [t`止まっている写し`, stopped.length],
    [t`遅れている写し`, behind.length],
    [t`取り込めずに待っている記録`, parked],
  ] as const
  return (
    <dl className={panel.counts}>
      {numbers.map(([word, n]) => (
        <div key={word} data-zero={n === 0 ? '' : undefined}>
          <dt>{word}</dt>
          <dd>{n}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Copies and reactions that do not go on by themselves, each with the sentence that says what to do. */
function Stopped({ feeds }: { readonly feeds: readonly FeedState[] }) {
  const words = useWords()
  if (feeds.length === 0) return null
  return (
    <Block title={<Trans>止まっている写し</Trans>} table>
      <Table
        rows={feeds}
        id={({ service, copy, publisher }) => [service, copy, publisher].join()}
        columns={[
          { head: <Trans>写し</Trans>, cell: (feed) => <CopyName of={feed} /> },
          { head: <Trans>わけ</Trans>, cell: ({ stopped_because: told }) => <span className={styles.because}><Because told={told ?? ''} /></span> },
          { head: <Trans>出どころ</Trans>, cell: ({ publisher }) => words.service(publisher), wide: true },
        ]}
      />
    </Block>
  )
}

function Parked({ parked }: { readonly parked: readonly ParkedKey[] }) {
  const { t } = useLingui()
  const me = useMe()
  const words = useWords()
  const [open, setOpen] = useState<ParkedKey | null>(null)
  return (
    <Block title={<Trans>取り込めずに待っている記録</Trans>} aside={<Trans>件数だけの行は、コマンド（tsumugi parked）で開きます</Trans>} table>
      <Table
        rows={parked}
        id={({ service, copy, publisher, key }) => [service, copy, publisher, key].join()}
        columns={[
          { head: <Trans>写し</Trans>, cell: (one) => <CopyName of={one} /> },
          { head: <Trans>件数</Trans>, cell: ({ count }) => count, number: true },
          { head: <Trans>いつから</Trans>, cell: ({ parked_at }) => (parked_at === null ? '―' : timeOf(parked_at, me.today)), number: true },
          { head: <Trans>わけ</Trans>, cell: ({ reason }) => <Reason reason={reason} />, wide: true },
          { head: <Trans>すること</Trans>, cell: (one) => (one.key === null ? '―' : <Button look="text" size="small" aria-label={t`${words.copy(one)} ${one.key} を開く`} onPress={() => setOpen(one)}><Trans>開く</Trans></Button>) },
          { head: <Trans>出どころ</Trans>, cell: ({ publisher }) => words.service(publisher), wide: true },
          { head: <Trans>対象の番号</Trans>, cell: ({ key, keys }) => (key === null ? <Trans>{keys}件</Trans> : <code className={styles.code}>{key}</code>), wide: true },
        ]}
      />
      {open !== null && (
        <Suspense>
          <ParkedDialog of={open} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </Block>
  )
}

function Feeds({ feeds }: { readonly feeds: readonly FeedState[] }) {
  const words = useWords()
  return (
    <Block title={<Trans>写しの遅れ</Trans>} table>
      <Table
        rows={worstFirst(feeds)}
        id={({ service, copy, publisher }) => [service, copy, publisher].join()}
        columns={[
          { head: <Trans>写し</Trans>, cell: (feed) => <CopyName of={feed} /> },
          { head: <Trans>遅れ</Trans>, cell: (feed) => <Lag feed={feed} />, number: true },
          { head: <Trans>残り</Trans>, cell: ({ lag_records }) => lag_records ?? '―', number: true },
          { head: <Trans>出どころ</Trans>, cell: ({ publisher }) => words.service(publisher) },
          { head: <Trans>位置</Trans>, cell: ({ position }) => position ?? '―', number: true, wide: true },
          { head: <Trans>先頭</Trans>, cell: ({ head }) => head ?? '―', number: true, wide: true },
        ]}
      />
    </Block>
  )
}

function Lag({ feed }: { readonly feed: FeedState }) {
  return (
    <span className={isBehind(feed) ? panel.wait : undefined}>
      <Seconds n={feed.lag_seconds} />
    </span>
  )
}

function Seconds({ n }: { readonly n: number }) {
  if (n >= 90) {
    const minutes = Math.round(n / 60)
    return <Trans>{minutes}分</Trans>
  }
  const short = n < 10 ? n.toFixed(1) : String(Math.round(n))
  return <Trans>{short}秒</Trans>
}

function Services({ services }: { readonly services: readonly ServiceState[] }) {
  const [mib] = services.flatMap(({ memory_mib: known }) => known ?? [])
  return (
    <Block title={<Trans>サービス</Trans>} aside={mib === undefined ? undefined : <Trans>画面を出しているプロセスのメモリー {mib} MiB</Trans>} table>
      <Table
        rows={services}
        id={({ name }) => name}
        columns={[
          { head: <Trans>名前</Trans>, cell: ({ name }) => <ServiceName name={name} /> },
          { head: <Trans>状態</Trans>, cell: ({ ready }) => <Ready ready={ready} /> },
          { head: <Trans>版</Trans>, cell: ({ version }) => version },
        ]}
      />
    </Block>
  )
}

function Ready({ ready }: { readonly ready: boolean }) {
  return ready ? (
    <span className={panel.good}>
      <Trans>動いています</Trans>
    </span>
  ) : (
    <span className={styles.down}>
      <Trans>動いていません</Trans>
    </span>
  )
}
