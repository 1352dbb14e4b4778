import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useMe } from '~/app/me'
import { useCommand } from '~/api/useCommand'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import panel from '~/parts/Panel.module.css'
import { addressOf, lessonsPath, type Child, type Clash, type LessonDay } from './data'
import { CODE_WORDS, SOURCES } from './words'
import styles from './Page.module.css'

/** Where the day and its lessons contradict each other: who said what, and when. Nothing of it is changed by itself. */
export function Clashes({ day, found }: { readonly day: LessonDay; readonly found: readonly Child[] }) {
  const queries = useQueryClient()
  const { send, error } = useCommand(useMe().person.id)
  const open = found.filter(({ clashes }) => clashes.some(({ settled }) => !settled)).length

  async function settle(child: Child, clash: Clash) {
    await send(`${lessonsPath(day.class_id, day.on)}/settled`, { pupil: child.pupil.id, seen: clash.seen })
    await queries.invalidateQueries({ queryKey: ['lessons'] })
  }

  return (
    <Block
      title={<Trans>1日の出欠と時限の食い違い</Trans>}
      aside={open > 0 ? <Plural value={open} other="#人。1日の出欠は、ひとりでには変わりません" /> : <Trans>どれも確かめてあります</Trans>}
    >
      <Refused error={error} />
      <ul className={styles.clashes}>
        {found.map((child) =>
          child.clashes.map((clash) => (
            <li key={`${child.pupil.id} ${clash.kind}`} data-settled={clash.settled ? '' : undefined}>
              <One day={day} child={child} clash={clash} onSettle={() => void settle(child, clash)} />
            </li>
          )),
        )}
      </ul>
    </Block>
  )
}

interface OneProps {
  readonly day: LessonDay
  readonly child: Child
  readonly clash: Clash
  readonly onSettle: () => void
}

function One({ day, child, clash, onSettle }: OneProps) {
  const { t, i18n } = useLingui()
  const name = fullName(child.pupil)
  const who = child.number === null ? name : t`${child.number}番 ${name}`
  const wordOf = (code: string | null) => day.symbols.find((one) => one.code === code)?.word ?? t`未入力`
  const sourceOf = (source: string) => (SOURCES[source] ? i18n._(SOURCES[source]) : source)
  return (
    <>
      <p>
        <strong>{who}</strong> {clash.words}
      </p>
      <dl className={styles.said}>
        <div>
          <dt>
            <Trans>1日</Trans>
          </dt>
          <dd>
            {child.day.facts.map((fact) => (
              <span key={fact.source}>
                {wordOf(fact.code)}（{[sourceOf(fact.source), fact.relation, fact.channel, fact.by && fullName(fact.by)].filter(Boolean).join(' ')} {timeOf(fact.at, day.on)}）
              </span>
            ))}
          </dd>
        </div>
        <div>
          <dt>
            <Trans>時限</Trans>
          </dt>
          <dd>
            {child.marks.map(({ period, code, by, at }) => (
              <span key={period}>
                <Goto href={addressOf(day.class_id, day.on, period)}>{period}</Goto> {i18n._(CODE_WORDS[code])}（{fullName(by)} {timeOf(at, day.on)}）
              </span>
            ))}
          </dd>
        </div>
      </dl>
      {clash.settled ? (
        <p className={panel.aside}>
          <Trans>担任が確かめて、このままにしてあります。</Trans>
        </p>
      ) : (
        day.may_settle && (
          <div className={panel.bar}>
            <Goto href={`/classes/${day.class_id}/days/${day.on}/roll`}>
              <Trans>朝の記録で1日の出欠を直す</Trans>
            </Goto>
            <Button size="small" onPress={onSettle} aria-label={t`どちらも正しいので、このままにする（${who}）`}>
              <Trans>どちらも正しいので、このままにする</Trans>
            </Button>
          </div>
        )
      )}
    </>
  )
}
