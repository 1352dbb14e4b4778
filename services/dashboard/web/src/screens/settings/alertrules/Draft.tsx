import { Trans, useLingui } from '@lingui/react/macro'
import { Button } from '~/parts/Button'
import { Choose, Field } from '~/parts/Field'
import panel from '~/parts/Panel.module.css'
import type { Rules } from './data'
import { countedBy, slipsOf, type Written } from './rules'
import styles from './Page.module.css'

interface DraftProps {
  readonly rules: readonly Written[]
  readonly most: number
  readonly days: Rules['days']
  /** Somebody has tried to go on: slips are named. */
  readonly tried: boolean
  readonly onChange: (rules: readonly Written[]) => void
}

const NEW: Written = { code: null, word: '', kind: 'row', days: 3, excused: true }

/** The rules of a draft, one a block of fields. */
export function Draft({ rules, most, days: ladder, tried, onChange }: DraftProps) {
  const { t } = useLingui()
  const set = (at: number, part: Partial<Written>) => onChange(rules.map((one, i) => (i === at ? { ...one, ...part } : one)))
  return (
    <>
      {rules.length === 0 && (
        <p className={panel.aside}>
          <Trans>決まりがありません。このまま使うと、気がかりな欠席は出なくなります。</Trans>
        </p>
      )}
      <ol className={styles.rules}>
        {rules.map((rule, at) => {
          const n = at + 1
          const slips = tried ? slipsOf(rule, ladder) : []
          const choices = ladder[rule.kind].includes(rule.days) ? ladder[rule.kind] : [rule.days, ...ladder[rule.kind]]
          return (
            <li key={at}>
              <fieldset className={styles.rule}>
                <legend>
                  <Trans>{n}つめの決まり</Trans>
                </legend>
                <Field label={t`名前`} required maxLength={40} value={rule.word} wrong={slips.includes('word') ? t`名前を書いてください` : undefined} onChange={(word) => set(at, { word })} />
                <Choose
                  label={t`数え方`}
                  value={rule.kind}
                  options={[
                    { value: 'row', word: t`続けて` },
                    { value: 'year', word: t`年度で` },
                  ]}
                  onChange={(kind) => set(at, countedBy(kind === 'year' ? 'year' : 'row', rule, ladder))}
                />
                <Choose
                  label={t`日数`}
                  value={String(rule.days)}
                  options={choices.map((days) => ({ value: String(days), word: t`${days}日` }))}
                  {...(slips.includes('days') ? { wrong: t`この日数は選べません` } : {})}
                  onChange={(days) => set(at, { days: Number(days) })}
                />
                <label className={styles.check}>
                  <input type="checkbox" checked={rule.excused} onChange={({ target }) => set(at, { excused: target.checked })} />
                  <Trans>病欠も数える</Trans>
                </label>
                <Button size="small" aria-label={t`${n}つめの決まりを外す`} onPress={() => onChange(rules.filter((_, i) => i !== at))}>
                  <Trans>外す</Trans>
                </Button>
              </fieldset>
            </li>
          )
        })}
      </ol>
      <div className={panel.bar}>
        <Button off={rules.length >= most ? t`決まりは${most}個までです` : undefined} onPress={() => onChange([...rules, NEW])}>
          <Trans>決まりを加える</Trans>
        </Button>
      </div>
    </>
  )
}
