import { Trans, useLingui } from '@lingui/react/macro'
import { erasuresQuery } from '~/api/people'
import { useRead } from '~/api/useRead'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { fullDay, instant, japanDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import { ERASED, Saved } from '../Saved'
import '../words'

/** 消去の記録: that somebody was erased, when, why and by whom; who it was, nobody can say any more. */
export default function ErasedPage() {
  const { t } = useLingui()
  useScreen(t`消去の記録`)
  const { data, error, again } = useRead(erasuresQuery())
  return (
    <div className={panel.screen}>
      <Place title={t`消去の記録`} of={[]} />
      <Saved of={ERASED} title={<Trans>記録を消しました</Trans>} />
      {data && data.erasures.length > 0 ? (
        <Block title={<Trans>消した記録</Trans>} aside={<Trans>だれの記録だったかは、残っていません</Trans>} table>
          <Table
            rows={data.erasures}
            id={({ number }) => String(number)}
            columns={[
              { head: <Trans>番号</Trans>, cell: ({ number }) => number },
              { head: <Trans>消した日</Trans>, cell: ({ at }) => fullDay(japanDay(instant(at) ?? 0)) },
              { head: <Trans>わけ</Trans>, cell: ({ ground, document }) => [ground, document].filter(Boolean).join(' ') },
              { head: <Trans>なくなったもの</Trans>, cell: ({ words }) => words.join('、'), wide: true },
              { head: <Trans>消した人</Trans>, cell: ({ by }) => by },
            ]}
          />
        </Block>
      ) : data ? (
        <Empty title={<Trans>消した記録はありません</Trans>}>
          <Trans>保存期間が過ぎた人、誤って登録した人の記録は、その人のカードの「記録を消す」から消します。</Trans>
        </Empty>
      ) : error ? (
        <CannotRead error={error} what={t`消去の記録`} onRetry={again} />
      ) : (
        <LoadingRows rows={4} />
      )}
    </div>
  )
}
