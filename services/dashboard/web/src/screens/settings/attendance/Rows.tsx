import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { Button } from '~/parts/Button'
import { Choose, Field, type Option } from '~/parts/Field'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import type { Lists, Row, Told, Which } from './data'
import { daysOf, fresh, MOST } from './rules'
import styles from './Page.module.css'

interface RowsProps {
  readonly which: Which
  readonly told: Told
  readonly counts: Lists['counts']
  readonly onTold: (told: Told, turned?: boolean) => void
}

/** The lines of a list, each with its fields. What a line of before counts as stays: days are recorded with it. */
export function Rows({ which, told, counts, onTold }: RowsProps) {
  const { t } = useLingui()
  const { rows } = told
  const options = which === 'symbols' ? counts.map(({ name, word }) => ({ value: name, word })) : [{ value: 'credited', word: t`出席扱い` }, { value: 'elsewhere', word: t`別室（出席）` }]
  const put = (next: readonly Row[], turned = false) => onTold({ ...told, rows: next }, turned)
  return (
    <>
      <ol className={styles.rows} data-which={which}>
        {rows.map((row, at) => (
          <Line
            key={`${row.code} ${at}`}
            which={which}
            row={row}
            at={at}
            options={options}
            only={rows.length === 1}
            onRow={(change) => put(rows.with(at, { ...row, ...change }))}
            onGone={() => put(rows.toSpliced(at, 1), true)}
            onUp={() => put(rows.toSpliced(at, 1).toSpliced(at - 1, 0, row), true)}
          />
        ))}
      </ol>
      {rows.length < MOST[which] && (
        <div>
          <Button size="small" onPress={() => put([...rows, fresh(which)])}>
            <Trans>行を加える</Trans>
          </Button>
        </div>
      )}
      {which === 'bereavement' && (
        <Tiles
          label={t`続く日の数え方`}
          value={told.holidays ? 'all' : 'lessons'}
          onChange={(value) => onTold({ ...told, holidays: value === 'all' })}
          tiles={[
            { value: 'lessons', content: <Trans>授業日だけを数える</Trans> },
            { value: 'all', content: <Trans>休みの日も数える</Trans> },
          ]}
        />
      )}
    </>
  )
}

interface LineProps {
  readonly which: Which
  readonly row: Row
  readonly at: number
  readonly options: readonly Option[]
  readonly only: boolean
  readonly onRow: (change: Partial<Row>) => void
  readonly onGone: () => void
  readonly onUp: () => void
}

function Line({ which, row, at, options, only, onRow, onGone, onUp }: LineProps) {
  const { t } = useLingui()
  const [days, setDays] = useState(row.days === null ? '' : String(row.days))
  const line = at + 1
  const plain = row.counts === 'present' && row.key === ' '
  const as = options.find(({ value }) => value === row.counts)?.word ?? row.counts
  return (
    <li className={styles.row}>
      <Field label={which === 'bereavement' ? t`${line}行目の続柄` : t`${line}行目の言葉`} value={row.word} onChange={(word) => onRow({ word })} />
      {which === 'bereavement' ? (
        <Field
          label={t`${line}行目の日数`}
          value={days}
          inputMode="numeric"
          wrong={daysOf(days) === null ? t`3 や 3日 のように書いてください。` : undefined}
          onChange={(text) => {
            setDays(text)
            onRow({ days: daysOf(text) })
          }}
        />
      ) : (
        <>
          <Field label={t`${line}行目の印`} value={row.glyph} placeholder={plain ? t`なし` : undefined} onChange={(glyph) => onRow({ glyph })} />
          {which === 'symbols' && (plain ? <Fixed label={t`打つキー`} value={t`スペース`} /> : <Field label={t`${line}行目の打つキー`} value={row.key} onChange={(key) => onRow({ key })} />)}
          {row.code === null ? <Choose label={t`${line}行目の数え方`} value={row.counts} options={options} onChange={(counts) => onRow({ counts })} /> : <Fixed label={t`数え方`} value={as} />}
        </>
      )}
      <span className={panel.bar}>
        <Button size="small" look="text" onPress={onUp} off={at === 0 ? t`いちばん上です` : undefined} aria-label={t`${line}行目を上へ`}>
          <Trans>上へ</Trans>
        </Button>
        <Button size="small" look="text" onPress={onGone} off={only ? t`1行は要ります` : undefined} aria-label={t`${line}行目を消す`}>
          <Trans>消す</Trans>
        </Button>
      </span>
    </li>
  )
}

/** What cannot be changed, where a field would stand. */
function Fixed({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <p className={styles.fixed}>
      <span>{label}</span>
      {value}
    </p>
  )
}
