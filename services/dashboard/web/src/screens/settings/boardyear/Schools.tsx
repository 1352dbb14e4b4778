import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Progress } from '~/parts/Progress'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { KEY, type BoardYear } from './data'
import { byKind, kindWord, turned } from './rules'
import { SchoolRows } from './SchoolRows'
import { useSchools } from './useSchools'
import panel from '~/parts/Panel.module.css'
import styles from './Page.module.css'

interface SchoolsProps {
  readonly year: BoardYear
  readonly path: string
  /** The plan on the screen is not the one that is saved. */
  readonly dirty: boolean
}

/** Which schools get the plan, what follows there, and which have it. */
export function Schools({ year, path, dirty }: SchoolsProps) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const work = useSchools(year, path, useMe().person.id)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const { outcomes, running } = work
  const picked = year.schools.filter(({ id }) => chosen.has(id))
  const ready = picked.filter(({ id }) => {
    const outcome = outcomes.get(id)
    return outcome?.kind === 'looked' && outcome.follows.changed
  })
  const [n, many, applied] = [picked.length, ready.length, [...outcomes.values()].filter(({ kind }) => kind === 'applied').length]
  const none = year.rows.length === 0 ? t`先に計画を書いて保存してください` : dirty ? t`先に計画を保存してください` : n === 0 ? t`学校を選んでください` : undefined

  async function go(act: 'look' | 'apply', schools: readonly { readonly id: string }[]) {
    if (running !== null) return
    await work[act](schools.map(({ id }) => id))
    await queries.invalidateQueries({ queryKey: [KEY] })
    // 学校の年間予定 of these schools is read anew, too, when it is opened.
    if (act === 'apply') await queries.invalidateQueries({ queryKey: ['school-year'] })
  }

  return (
    <Block title={<Trans>学校にあてる</Trans>} aside={<Trans>学校で変えた日や臨時休業は、計画の行が同じ日を言うときだけ変わります</Trans>}>
      <div className={styles.screenOnly}>
        <div className={panel.bar} role="group" aria-label={t`学校をまとめて選ぶ`}>
          <Button size="small" onPress={() => setChosen(turned(chosen, year.schools.map(({ id }) => id)))}>
            <Trans>すべて</Trans>
          </Button>
          {byKind(year.schools).map(({ kind, ids }) => (
            <Button key={kind} size="small" onPress={() => setChosen(turned(chosen, ids))}>
              {kindWord(kind)}
            </Button>
          ))}
          <Button size="small" onPress={() => setChosen(new Set(year.schools.filter(({ standing }) => standing !== 'as_planned').map(({ id }) => id)))}>
            <Trans>計画どおりでない学校</Trans>
          </Button>
          <span className={panel.note} role="status">
            <Plural value={n} other="#校を選んでいます" />
          </span>
        </div>
      </div>
      <SchoolRows year={year} chosen={chosen} onChosen={setChosen} outcomes={outcomes} locked={running !== null} />
      <div className={styles.actions}>
        {running ? (
          <Progress
            label={running.act === 'look' ? t`変わることを確かめています（${running.done} / ${running.of}校）` : t`年間予定をあてています（${running.done} / ${running.of}校がすみました）`}
            value={Math.round((100 * running.done) / running.of)}
          >
            {running.act === 'apply' ? <Trans>1校ずつ保存しています。途中でやめたり画面を離れたりしても、すんだ学校はそのままです。</Trans> : undefined}
          </Progress>
        ) : (
          applied > 0 && (
            <Strip kind="good" live>
              <Plural value={applied} other="#校の年間予定を変えました。元に戻すときは、その学校の年間予定を開きます。" />
            </Strip>
          )
        )}
        <Refused error={work.error} />
        <div className={panel.bar}>
          {running ? (
            <Button onPress={work.stop}>
              <Trans>ここでやめる</Trans>
            </Button>
          ) : (
            <>
              {many > 0 && (
                <Button look="filled" onPress={() => void go('apply', ready)} off={none}>
                  <Plural value={many} other="#校の年間予定をこうする" />
                </Button>
              )}
              <Button look={many > 0 ? 'line' : 'filled'} onPress={() => void go('look', picked)} off={none}>
                <Trans>変わることを確かめる</Trans>
              </Button>
            </>
          )}
        </div>
      </div>
    </Block>
  )
}
