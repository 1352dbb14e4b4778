import type { MessageDescriptor } from '@lingui/core'
import { msg } from '@lingui/core/macro'
import { useLingui } from '@lingui/react/macro'
import type { DayCounts, DayTotals, Told } from '~/api/types'
import { counted } from './counted'
import type { TableColumn } from './Table'
import panel from './Panel.module.css'

type CountName = keyof DayTotals

/** What the numbers of a day are called. */
const WORDS: Readonly<Record<CountName, MessageDescriptor>> = {
  members: msg`在籍`,
  present: msg`出席`,
  late: msg`遅刻`,
  early: msg`早退`,
  absent: msg`欠席`,
  apart: msg`停・忌`,
  unrecorded: msg`未入力`,
  off: msg`授業なし`,
}
/** Beside 出席, which counts whoever came late or left early: read on their own, the numbers would add up to more than 在籍. */
const PARTS: Partial<typeof WORDS> = { late: msg`うち遅刻`, early: msg`うち早退` }
export const ALL_COUNTS = Object.keys(WORDS) as readonly CountName[]

interface CountsProps<Name extends CountName> {
  readonly of: Readonly<Record<Name, number | null>>
  readonly names: readonly Name[]
}

/** Numbers of a day with their words; zeros step back. */
export function Counts<Name extends CountName>({ of, names }: CountsProps<Name>) {
  const { i18n } = useLingui()
  const parts = (names as readonly CountName[]).includes('present') ? PARTS : {}
  return (
    <dl className={panel.counts}>
      {names.map((name) => (
        <div key={name} data-zero={of[name] === 0 ? '' : undefined}>
          <dt>{i18n._(parts[name] ?? WORDS[name])}</dt>
          <dd>{of[name] === null ? '―' : counted(of[name])}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The same number of every row of a table; a dash where it is not told. */
export function countColumn(name: keyof DayCounts, where?: 'wide'): TableColumn<Told<DayCounts>> {
  return { head: <Word of={name} />, cell: (row) => row[name] ?? '―', number: true, wide: where === 'wide' }
}

function Word({ of }: { readonly of: CountName }) {
  const { i18n } = useLingui()
  return i18n._(WORDS[of])
}
