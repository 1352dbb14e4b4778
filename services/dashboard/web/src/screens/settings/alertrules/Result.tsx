import { Plural, Trans } from '@lingui/react/macro'
import { fullDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Fives } from '~/parts/overview/Fives'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import type { Trial } from './data'
import { AtLeast } from './words'

/** How many children the draft would have raised, beside the rules that hold: in the city, by school. */
export function Result({ trial }: { readonly trial: Trial }) {
  const { told, until } = trial
  if (told === null) return null
  const { draft, now } = told
  const day = fullDay(until)
  return (
    <>
      <Strip kind="good" live focused>
        <Trans>ためし終わりました。いまの決まりと下書きの数をくらべてください。</Trans>
      </Strip>
      <Block title={<Trans>ためした結果: 市全体</Trans>} table>
        <Table
          rows={[{ id: 'all', now: now.all, draft: draft.all }]}
          id={({ id }) => id}
          columns={[
            { head: <Trans>新しく当てはまった子</Trans>, cell: () => <Trans>あわせて</Trans> },
            { head: <Trans>いまの決まり</Trans>, cell: (row) => <AtLeast of={row.now} />, number: true },
            { head: <Trans>下書き</Trans>, cell: (row) => <AtLeast of={row.draft} />, number: true },
          ]}
        />
      </Block>
      <Block title={<Trans>学校ごと</Trans>} aside={<Plural value={told.schools.length} other="#校" />} table>
        <Table
          rows={told.schools}
          id={({ school }) => school.id}
          columns={[
            { head: <Trans>学校</Trans>, cell: ({ school }) => school.name },
            { head: <Trans>いまの決まり</Trans>, cell: (row) => <Fives of={row.now} />, number: true },
            { head: <Trans>下書き</Trans>, cell: (row) => <Fives of={row.draft} />, number: true },
          ]}
        />
      </Block>
      <p className={panel.note}>
        <Trans>
          {day}にその学校にいた子のうち、えらんだ月に新しく当てはまった子の数です。同じ子は1人と数えます。出欠は、いまの記録で見ています。ひとりひとりが分からないように、学校の数は5人ごとに示し、市の数は学校の数から分かるだけを「何人以上」で示します。「―」は、少なくて出せないものです。
        </Trans>
      </p>
    </>
  )
}
