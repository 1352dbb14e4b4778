import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { useMe } from '~/app/me'
import type { Person } from '~/api/types'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import type { Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName, Name } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { Call } from './Call'
import styles from './Missing.module.css'
import { useAgain } from './useAgain'
import { callPath, namesQuery, unannouncedQuery, type Unannounced, type WaitingClass } from './unannounced'

const CALLERS = new Set(['principal', 'vice_principal', 'office', 'nurse'])

/** 連絡なし: who is neither here nor announced, who is calling, what came of it, until nobody is left. */
export function Missing({ school, date }: { readonly school: string; readonly date: Day }) {
  const me = useMe()
  return me.roles.some((role) => CALLERS.has(role.kind) && role.school?.id === school) ? <List school={school} date={date} /> : null
}

function List({ school, date }: { readonly school: string; readonly date: Day }) {
  const { t } = useLingui()
  const { data, error, again } = useRead(unannouncedQuery(school, date))
  const [named, setNamed] = useState(false)
  if (!data) return error ? <CannotRead error={error} what={t`連絡なしの子`} onRetry={again} /> : <LoadingRows rows={2} />
  return (
    <Block title={<Trans>連絡なしの子</Trans>} aside={<Trans>登校していないのに、欠席などの連絡も理由も分からない子です</Trans>}>
      <Answer page={data} />
      {data.children.length > 0 && (
        <ul className={styles.children}>
          {data.children.map((child) => (
            <Call key={child.pupil.id} child={child} page={data} />
          ))}
        </ul>
      )}
      {data.waiting.length > 0 && (
        <div className={styles.later}>
          <Button size="small" aria-expanded={named} onPress={() => setNamed(!named)}>
            {named ? <Trans>確定していない学級の名前をしまう</Trans> : <Trans>確定していない学級の子の名前を見る</Trans>}
          </Button>
          {named && data.waiting.map((one) => <Waiting key={one.class.id} one={one} page={data} />)}
        </div>
      )}
    </Block>
  )
}

/** The answer to the question, also when it is nobody: and whether that is the whole of it. */
function Answer({ page: { count, kept, waiting } }: { readonly page: Unannounced }) {
  const rest = waiting.length > 0 && <Plural value={waiting.length} other="（#学級の確定を待っています）" />
  if (count === 0)
    return (
      <Strip kind={waiting.length ? 'plain' : 'good'} live>
        <strong>
          <Trans>連絡なし 0人</Trans>
        </strong>{' '}
        {rest}
      </Strip>
    )
  return (
    <Strip kind="look" live>
      <strong>
        <Trans>連絡なし {count}人</Trans>
      </strong>{' '}
      {rest}
      {kept > 0 && (
        <span className={styles.kept}>
          <Plural value={kept} other="うち#人は、ここに名前を出しません。" />
        </span>
      )}
    </Strip>
  )
}

function Waiting({ one, page }: { readonly one: WaitingClass; readonly page: Unannounced }) {
  const { t } = useLingui()
  const { data, error, again } = useRead(namesQuery(one.class.id, page.date))
  const called = new Set(page.children.map(({ pupil }) => pupil.id))
  const blank = data?.members.filter(({ exchange, cell, pupil }) => !exchange && cell.status === 'unrecorded' && !called.has(pupil.id)) ?? []
  return (
    <section className={styles.class} aria-label={one.class.name}>
      <h3>
        {one.class.name} <span className={panel.aside}>{one.homeroom && fullName(one.homeroom)}</span>{' '}
        <span className={panel.wait}>
          <Plural value={one.unrecorded} other="未入力 #人" />
        </span>
      </h3>
      {data ? (
        <ul className={styles.names}>
          {blank.map(({ pupil, number }) => (
            <Blank key={pupil.id} pupil={pupil} number={number} page={page} />
          ))}
        </ul>
      ) : error ? (
        <CannotRead error={error} what={t`この学級の子`} onRetry={again} />
      ) : (
        <LoadingRows rows={2} />
      )}
    </section>
  )
}

/** A child of whom nobody has said anything yet; a call puts it on the list above. */
function Blank({ pupil, number, page }: { readonly pupil: Person; readonly number: number | null; readonly page: Unannounced }) {
  const { t } = useLingui()
  const me = useMe()
  const again = useAgain()
  const { send, sending, error } = useCommand<unknown>(me.person.id)
  const name = fullName(pupil)
  async function claim() {
    if (!sending && (await send(callPath(page.school.id, page.date, pupil.id, 'claim'), {}))) await again()
  }
  return (
    <li>
      <span className={styles.who}>
        {number !== null && (
          <span className={styles.number}>
            <Trans>{number}番</Trans>
          </span>
        )}
        <Name person={pupil} />
      </span>
      {page.may.call && (
        <Button size="small" look="text" aria-label={t`${name}さんの家に電話をかける`} onPress={() => void claim()}>
          <Trans>電話をかける</Trans>
        </Button>
      )}
      <Refused error={error} />
    </li>
  )
}
