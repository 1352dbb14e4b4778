import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Unsaved } from '~/app/Unsaved'
import { fullDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Progress } from '~/parts/Progress'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { SettingsTabs } from '../SettingsTabs'
import '../words'
import { Begin } from './Begin'
import { KEY, rulesQuery, type Rules, type Version } from './data'
import { Draft } from './Draft'
import { History } from './History'
import { Months } from './Months'
import { Result } from './Result'
import { lately, sameDraft, slipsOf, tellsOfSeven, type Written } from './rules'
import { useTrial } from './useTrial'
import { Counting } from './words'
import styles from './Page.module.css'

/** 気がかりな欠席の決まり: which hold, what another choice would have meant, and from when on. */
export default function AlertRulesPage() {
  const { t } = useLingui()
  const { board } = useMe()
  const { data, error, again } = useRead(rulesQuery)
  useScreen(t`気がかりな欠席の決まり`)
  return (
    <div className={panel.screen}>
      <Place title={t`気がかりな欠席の決まり`} of={[board.name]} />
      <SettingsTabs />
      {data ? <Work page={data} /> : error ? <CannotRead error={error} what={t`気がかりな欠席の決まり`} onRetry={again} /> : <LoadingRows rows={8} />}
    </div>
  )
}

function Work({ page }: { readonly page: Rules }) {
  const { t } = useLingui()
  const { person } = useMe()
  const { trial, running, error, run, stop, again } = useTrial(person.id)
  const holds = page.rules
  const queries = useQueryClient()
  const [written, setWritten] = useState<readonly Written[] | null>(null)
  const [months, setMonths] = useState<readonly Day[]>(lately(page.months))
  const [went, setWent] = useState(false)
  const [begun, setBegun] = useState<Day | null>(null)
  const draft = written ?? holds
  const dirty = written !== null && !sameDraft(written, holds)
  const slips = draft.some((one) => slipsOf(one, page.days).length > 0)
  const off = months.length === 0 ? t`ためす月をえらんでください` : running ? t`いま、ためしています` : page.trials_left === 0 ? t`きょうはもうためせません` : undefined
  const left = page.trials_left
  const day = begun === null ? '' : fullDay(begun)

  function write(rules: readonly Written[]) {
    setBegun(null)
    setWritten(rules)
  }
  function drop() {
    stop()
    setWritten(null)
    setWent(false)
  }
  function tryIt() {
    setWent(true)
    setBegun(null)
    if (!slips) void run(draft, months).then(() => queries.invalidateQueries({ queryKey: [KEY] }))
  }

  return (
    <div className={panel.two}>
      <div className={styles.form}>
        {begun !== null && (
          <Strip kind="good" live focused>
            <Trans>決めました。{day}から使います。</Trans>
          </Strip>
        )}
        <Block title={<Trans>下書き</Trans>} aside={<Trans>使う日を決めるまで、学校の画面は変わりません</Trans>}>
          <Draft rules={draft} most={page.most} days={page.days} tried={went} onChange={write} />
          <Months all={page.months} chosen={months} onChange={setMonths} />
          <Refused error={error} />
          {running && trial && <Going done={trial.of.done} schools={trial.of.schools} waits={trial.of.waits === true} />}
          <p className={panel.aside}>
            <Trans>ひとりひとりが分からないように、ためすのは市で1日に数回までです。きょうはあと{left}回ためせます。</Trans>
          </p>
          <div className={panel.bar}>
            <Button look={trial ? 'line' : 'filled'} off={off} onPress={tryIt}>
              <Trans>過ぎた月でためす</Trans>
            </Button>
            {trial && !running && trial.of.done < trial.of.schools && (
              <Button onPress={() => void again()}>
                <Trans>続ける</Trans>
              </Button>
            )}
            {(dirty || trial) && (
              <Button onPress={drop}>
                <Trans>いまの決まりに戻す</Trans>
              </Button>
            )}
            {went && slips && (
              <span className={panel.wait} role="status">
                <Trans>書けていないところがあります</Trans>
              </span>
            )}
          </div>
        </Block>
        {trial?.of.told && (
          <>
            <Result key={trial.of.id} trial={trial.of} />
            <Begin
              key={`begin ${trial.of.id}`}
              trial={trial.of.id}
              seen={trial.of.revision}
              warn={!tellsOfSeven(trial.of.rules)}
              off={!sameDraft(draft, trial.tried) ? t`下書きを変えたので、もう一度ためしてください` : page.revision !== trial.of.revision ? t`決まりが変わったので、もう一度ためしてください` : undefined}
              onBegun={(since) => {
                drop()
                setBegun(since)
              }}
            />
          </>
        )}
        {dirty && <Unsaved title={<Trans>下書きをまだ使っていません</Trans>} onDrop={drop} />}
      </div>
      <div className={styles.form}>
        <Block title={<Trans>いまの決まり</Trans>} aside={<Plural value={page.rules.length} other="#つ" />}>
          <ul className={styles.counting}>
            {page.rules.map((rule) => (
              <li key={rule.code}>
                <strong>{rule.word}</strong> <Counting rule={rule} />
              </li>
            ))}
          </ul>
          <p className={panel.aside}>
            <Trans>授業のある日だけを数えます。出席停止と忌引は数えず、続きも切れません。</Trans>
          </p>
        </Block>
        <History
          of={page}
          onUse={(version: Version) => {
            stop()
            write(version.rules)
          }}
        />
      </div>
    </div>
  )
}

function Going({ done, schools, waits }: { readonly done: number; readonly schools: number; readonly waits: boolean }) {
  const { t } = useLingui()
  return (
    <Progress label={t`ためしています: ${done} / ${schools} 校`} value={(100 * done) / Math.max(schools, 1)}>
      {waits ? <Trans>ほかの人がためしています。終わると続きます。</Trans> : <Trans>この画面を離れると止まります。ほかの人の画面には出ません。</Trans>}
    </Progress>
  )
}
