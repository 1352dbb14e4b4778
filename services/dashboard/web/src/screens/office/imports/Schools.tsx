import { Trans } from '@lingui/react/macro'
import { Block } from '~/parts/Block'
import { counted } from '~/parts/counted'
import { Table } from '~/parts/Table'
import type { SchoolCounts } from './types'

/** How many pupils each school has on the day of an import, before and after it, and why. */
export function Schools({ schools }: { readonly schools: readonly SchoolCounts[] }) {
  if (!schools.length) return null
  return (
    <Block title={<Trans>学校ごと</Trans>} aside={<Trans>前・後は、取り込みの日に在籍する人数</Trans>} table>
      <Table
        rows={schools}
        id={({ school }) => school}
        columns={[
          { head: <Trans>学校</Trans>, cell: ({ school }) => school },
          { head: <Trans>前</Trans>, cell: ({ pupils }) => pupils, number: true },
          { head: <Trans>後</Trans>, cell: ({ pupils, then }) => (then === pupils ? then : <strong>{counted(then)}</strong>), number: true },
          { head: <Trans>入る</Trans>, cell: ({ enrolled }) => enrolled, number: true },
          { head: <Trans>転入</Trans>, cell: ({ moved_in: n }) => n, number: true },
          { head: <Trans>転出</Trans>, cell: ({ moved_out: n }) => n, number: true },
          { head: <Trans>出る</Trans>, cell: ({ left }) => left, number: true },
          { head: <Trans>組がえ</Trans>, cell: ({ changed_class: n }) => n, number: true, wide: true },
          { head: <Trans>番号</Trans>, cell: ({ changed_number: n }) => n, number: true, wide: true },
          { head: <Trans>期間など</Trans>, cell: ({ changed_dates: n }) => n, number: true, wide: true },
        ]}
      />
    </Block>
  )
}
