import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import type { FeedState, Operations, ParkedKey, ServiceState } from '~/api/types'
import { useRead } from '~/api/useRead'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { operationsQuery } from './data'
import { isBehind, isHealthy, troubles, worstFirst } from './rules'
import styles from './Page.module.css'

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
  const { down, behind, parked } = troubles(state)
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
    <Strip kind={down.length || parked.length ? 'wrong' : 'look'} live>
      <strong>
        {down.length > 0 && <Plural value={down.length} other="動いていないサービスが#件あります。" />}
        {parked.length > 0 && <Plural value={parked.length} other="取り込めずに待っている記録が#件あります。" />}
        {behind.length > 0 && <Plural value={behind.length} other="1秒より遅れている写しが#件あります。" />}
      </strong>{' '}
      <Trans>（{time} 時点）</Trans>
    </Strip>
  )
}

function Parked({ parked }: { readonly parked: readonly ParkedKey[] }) {
  const me = useMe()
  return (
    <Block title={<Trans>取り込めずに待っている記録</Trans>} aside={<Trans>やり直しと取りやめは、いまはコマンド（tsumugi parked）で行います</Trans>} table>
      <table className={panel.table}>
        <thead>
          <tr>
            <th scope="col">
              <Trans>写し</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>件数</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>いつから</Trans>
            </th>
            <th scope="col">
              <Trans>わけ</Trans>
            </th>
            <th scope="col" className={panel.wide}>
              <Trans>出どころ</Trans>
            </th>
            <th scope="col" className={panel.wide}>
              <Trans>対象の番号</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {parked.map((one) => (
            <tr key={[one.service, one.copy, one.publisher, one.key].join()}>
              <th scope="row">
                {one.service} {one.copy}
              </th>
              <td data-n={one.count}>{one.count}</td>
              <td data-n="">{timeOf(one.parked_at, me.today)}</td>
              <td>{one.reason}</td>
              <td className={panel.wide}>{one.publisher}</td>
              <td className={panel.wide}>
                <code className={styles.code}>{one.key}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  )
}

function Feeds({ feeds }: { readonly feeds: readonly FeedState[] }) {
  return (
    <Block title={<Trans>写しの遅れ</Trans>} table>
      <table className={panel.table}>
        <thead>
          <tr>
            <th scope="col">
              <Trans>写し</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>遅れ</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>残り</Trans>
            </th>
            <th scope="col">
              <Trans>出どころ</Trans>
            </th>
            <th scope="col" data-n="" className={panel.wide}>
              <Trans>位置</Trans>
            </th>
            <th scope="col" data-n="" className={panel.wide}>
              <Trans>先頭</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {worstFirst(feeds).map((feed) => (
            <tr key={[feed.service, feed.copy, feed.publisher].join()}>
              <th scope="row">
                {feed.service} {feed.copy}
              </th>
              <td data-n="" className={isBehind(feed) ? panel.wait : undefined}>
                <Lag seconds={feed.lag_seconds} />
              </td>
              <td data-n={feed.lag_records ?? ''}>{feed.lag_records ?? '―'}</td>
              <td>{feed.publisher}</td>
              <td data-n="" className={panel.wide}>
                {feed.position ?? '―'}
              </td>
              <td data-n="" className={panel.wide}>
                {feed.head ?? '―'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  )
}

function Lag({ seconds }: { readonly seconds: number }) {
  if (seconds >= 90) {
    const minutes = Math.round(seconds / 60)
    return <Trans>{minutes}分</Trans>
  }
  const short = seconds < 10 ? seconds.toFixed(1) : String(Math.round(seconds))
  return <Trans>{short}秒</Trans>
}

function Services({ services }: { readonly services: readonly ServiceState[] }) {
  return (
    <Block title={<Trans>サービス</Trans>} table>
      <table className={panel.table}>
        <thead>
          <tr>
            <th scope="col">
              <Trans>名前</Trans>
            </th>
            <th scope="col">
              <Trans>状態</Trans>
            </th>
            <th scope="col">
              <Trans>版</Trans>
            </th>
            <th scope="col" data-n="">
              <Trans>メモリー</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {services.map((service) => (
            <tr key={service.name}>
              <th scope="row">{service.name}</th>
              <td>
                {service.ready ? (
                  <span className={panel.good}>
                    <Trans>動いています</Trans>
                  </span>
                ) : (
                  <span className={styles.down}>
                    <Trans>動いていません</Trans>
                  </span>
                )}
              </td>
              <td>{service.version}</td>
              <td data-n="">{service.memory_mib === null ? '―' : <Trans>{service.memory_mib} MiB</Trans>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  )
}
