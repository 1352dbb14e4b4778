import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { timeOf } from '~/dates/dates'
import { schoolYear } from '~/dates/read'
import { Goto } from '~/parts/Goto'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import type { BoardSchool, BoardYear, Follows } from './data'
import { daysTold, kindWord, standingWord, type Outcome } from './rules'
import styles from './Page.module.css'

interface SchoolRowsProps {
  readonly year: BoardYear
  readonly chosen: ReadonlySet<string>
  readonly onChosen: (chosen: ReadonlySet<string>) => void
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly locked: boolean
}

/** The board's schools: chosen or not, how they stand to the plan, what it does there. */
export function SchoolRows({ year, chosen, onChosen, outcomes, locked }: SchoolRowsProps) {
  const { t } = useLingui()
  const day = schoolYear(year.today) === year.school_year ? year.today : `${year.school_year}-04-01`
  function turn(id: string, on: boolean) {
    onChosen(on ? new Set([...chosen, id]) : new Set([...chosen].filter((one) => one !== id)))
  }
  return (
    <div className={styles.schools}>
      <Table
        rows={year.schools}
        id={({ id }) => id}
        columns={[
          {
            head: <Trans>学校</Trans>,
            cell: ({ id, name }) => (
              <label className={styles.pick}>
                <input type="checkbox" className={styles.screenOnly} checked={chosen.has(id)} disabled={locked} onChange={(event) => turn(id, event.target.checked)} /> {name}
              </label>
            ),
          },
          { head: <Trans>種類</Trans>, cell: ({ kind }) => <span className={panel.whole}>{kindWord(kind)}</span>, wide: true },
          { head: <Trans>計画とのちがい</Trans>, cell: (school) => <Stands school={school} today={year.today} /> },
          { head: <Trans>変わること</Trans>, cell: ({ id }) => <Told outcome={outcomes.get(id)} /> },
          {
            head: <span className={styles.screenOnly}><Trans>学校の画面</Trans></span>,
            cell: ({ id, name }) => (
              <span className={styles.screenOnly}>
                <Goto className={panel.whole} href={`/schools/${id}/days/${day}/year`} aria-label={t`${name}の年間予定を開く`}>
                  <Trans>年間予定を開く</Trans>
                </Goto>
              </span>
            ),
          },
        ]}
      />
    </div>
  )
}

function Stands({ school: { standing, applied_at }, today }: { readonly school: BoardSchool; readonly today: string }) {
  if (standing === null) return '―'
  const at = timeOf(applied_at, today)
  return (
    <span className={styles.cell}>
      <span className={standing === 'as_planned' ? panel.good : standing === 'not_yet' ? undefined : panel.wait}>{standingWord(standing)}</span>
      {at !== '' && (
        <span className={panel.aside}>
          <Trans>{at} にあてた</Trans>
        </span>
      )}
    </span>
  )
}

function Told({ outcome }: { readonly outcome: Outcome | undefined }) {
  if (outcome === undefined) return ''
  if (outcome.kind === 'refused')
    return (
      <span className={styles.cell}>
        {outcome.words.map((words) => (
          <span key={words} className={panel.wait}>
            {words}
          </span>
        ))}
      </span>
    )
  const { follows } = outcome
  return (
    <span className={styles.cell}>
      {outcome.kind === 'applied' ? (
        <span className={panel.good}>
          <Trans>あてました</Trans>
        </span>
      ) : (
        !follows.changed && <Trans>変わることはありません</Trans>
      )}
      {follows.changed && <Changes follows={follows} />}
      <LeftOut lines={follows.left_out} />
    </span>
  )
}

function Changes({ follows }: { readonly follows: Follows }) {
  const { closing, opening, rolls, meals } = follows
  return (
    <>
      {daysTold(follows).map((words) => (
        <span key={words}>
          <Trans>授業日数 {words}</Trans>
        </span>
      ))}
      <span>
        {closing > 0 && <Plural value={closing} other="授業がなくなるのは、のべ#学級の日。" />}
        {opening > 0 && <Plural value={opening} other="授業が加わるのは、のべ#学級の日。" />}
        {closing === 0 && opening === 0 && <Trans>学級の授業の日は同じ。行事や休みの名前・学期が変わる。</Trans>}
        {meals < 0 && <Plural value={-meals} other="給食は、のべ#食減る。" />}
        {meals > 0 && <Plural value={meals} other="給食は、のべ#食増える。" />}
      </span>
      {rolls > 0 && (
        <span className={panel.wait}>
          <Plural value={rolls} other="うち#学級の日は、もう朝の記録が確定しています（記録は残ります）" />
        </span>
      )}
    </>
  )
}

function LeftOut({ lines }: { readonly lines: readonly string[] }) {
  const { t } = useLingui()
  const all = lines.join(t`・`)
  if (lines.length === 0) return null
  return (
    <span className={panel.aside}>
      <Trans>{all}は、この学校にない学年の行なので入りません</Trans>
    </span>
  )
}
