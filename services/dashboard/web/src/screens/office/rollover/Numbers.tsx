import { Trans } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import { Block } from '~/parts/Block'
import { counted } from '~/parts/counted'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import type { Counts, SchoolNumbers } from './types'

/** A number that somebody has to look after stands out; nothing else does. */
const Look = ({ n }: { readonly n: number }) => (n > 0 ? <span className={panel.wait}>{counted(n)}</span> : 0)

type Row = Counts & Partial<Pick<SchoolNumbers, 'school' | 'name' | 'classes'>>

/** What the new year does to each school. */
export function Numbers({ schools, total, year }: { readonly schools: readonly SchoolNumbers[]; readonly total: Counts; readonly year: string }) {
  const rows: readonly Row[] = [...schools, total]
  return (
    <Block title={<Trans>学校ごと</Trans>} aside={<Trans>いま・来年度は、3月31日と4月1日に在籍する人数</Trans>} table>
      <Table
        rows={rows}
        id={({ school }) => school ?? 'total'}
        columns={[
          {
            head: <Trans>学校</Trans>,
            cell: ({ school, name }) =>
              school === undefined ? (
                <Trans>計</Trans>
              ) : (
                <Link to="/schools/$schoolId/rollover/$year" params={{ schoolId: school, year }}>
                  {name}
                </Link>
              ),
          },
          { head: <Trans>いま</Trans>, cell: ({ here }) => here, number: true },
          { head: <Trans>来年度</Trans>, cell: ({ pupils }) => <strong>{counted(pupils)}</strong>, number: true },
          { head: <Trans>進級</Trans>, cell: ({ became }) => became.promoted ?? 0, number: true, wide: true },
          { head: <Trans>原級</Trans>, cell: ({ became }) => became.repeating ?? 0, number: true, wide: true },
          { head: <Trans>市内へ進学</Trans>, cell: ({ became }) => became.advancing ?? 0, number: true, wide: true },
          { head: <Trans>決まっている</Trans>, cell: ({ became }) => became.prepared ?? 0, number: true, wide: true },
          { head: <Trans>卒業</Trans>, cell: ({ became }) => became.graduating ?? 0, number: true, wide: true },
          { head: <Trans>新しく入る</Trans>, cell: ({ became }) => became.new ?? 0, number: true, wide: true },
          { head: <Trans>進学先なし</Trans>, cell: ({ nowhere }) => <Look n={nowhere} />, number: true },
          {
            head: <Trans>学級</Trans>,
            cell: ({ school, classes }) => (school === undefined ? '' : classes === null ? <span className={panel.wait}><Trans>案なし</Trans></span> : classes),
            number: true,
          },
          { head: <Trans>学級なし</Trans>, cell: ({ without_class: n }) => <Look n={n} />, number: true },
          { head: <Trans>担任なし</Trans>, cell: ({ without_teacher: n }) => <Look n={n} />, number: true, wide: true },
          { head: <Trans>交流</Trans>, cell: ({ exchange }) => exchange, number: true, wide: true },
        ]}
      />
    </Block>
  )
}
