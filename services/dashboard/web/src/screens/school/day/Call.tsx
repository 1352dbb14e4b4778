import { Trans, useLingui } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { cardQuery, type Tie } from '~/api/people'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { fullName, Name } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows } from '~/parts/States'
import { StatusMark } from '~/parts/StatusMark'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import styles from './Missing.module.css'
import { useAgain } from './useAgain'
import { callPath, markBody, markPath, type MissingChild, type Outcome, type Unannounced } from './unannounced'

interface CallProps {
  readonly child: MissingChild
  readonly page: Unannounced
}

/** One child: who is calling and what calls have come to; opened for whoever calls. */
export function Call({ child, page }: CallProps) {
  const { t } = useLingui()
  const me = useMe()
  const again = useAgain()
  const { send, sending, error } = useCommand<{ readonly refused?: readonly unknown[] }>(me.person.id)
  const [changed, setChanged] = useState(false)
  const [took, setTook] = useState(false)
  const { calling, pupil } = child
  const name = fullName(pupil)

  async function act(path: string, body: unknown): Promise<void> {
    if (sending) return
    setChanged(false)
    const answer = await send(path, body)
    setChanged((answer?.refused?.length ?? 0) > 0)
    // Also when it was refused: somebody else was quicker, and the list says who.
    await again()
  }
  const call = (what: string, body: unknown) => act(callPath(page.school.id, page.date, pupil.id, what), body)
  function claim() {
    setTook(true)
    void call('claim', { instead_of: calling?.by.id ?? null })
  }

  return (
    <li className={styles.child} data-mine={calling?.mine ? '' : undefined}>
      <div className={styles.row}>
        <span className={styles.who}>
          <span className={styles.of}>{child.class.name}</span>
          {child.number !== null && (
            <span className={styles.number}>
              <Trans>{child.number}番</Trans>
            </span>
          )}
          <Name person={pupil} ruby />
        </span>
        <span className={styles.what}>
          <StatusMark glyph={child.glyph} word={child.word} tint={child.tint} />
          {child.since !== null && <Since at={timeOf(child.since, page.date)} />}
        </span>
        <span className={styles.caller}>
          {calling === null ? (
            page.may.call && (
              <Button size="small" aria-label={t`${name}さんの家に電話をかける`} onPress={claim}>
                <Trans>電話をかける</Trans>
              </Button>
            )
          ) : (
            <Caller calling={calling} date={page.date} />
          )}
          {calling?.mine && (
            <Button size="small" aria-label={t`${name}さんの家に電話をかけるのをやめる`} onPress={() => void call('release', {})}>
              <Trans>かけるのをやめる</Trans>
            </Button>
          )}
          {calling !== null && !calling.mine && page.may.call && (
            <Button size="small" look="text" aria-label={t`${name}さんの電話を代わる`} onPress={claim}>
              <Trans>代わる</Trans>
            </Button>
          )}
        </span>
      </div>
      {child.calls.length > 0 && (
        <ul className={styles.calls} aria-label={t`${name}さんへの電話`}>
          {child.calls.map((made) => {
            const [at, by, whom, word] = [timeOf(made.at, page.date), made.by.family || fullName(made.by), made.relation_word, made.word]
            return (
              <li key={made.id} data-worry={made.outcome === 'left_home' ? '' : undefined}>
                {whom === null ? (
                  <Trans>
                    {at} {word}（{by}）
                  </Trans>
                ) : (
                  <Trans>
                    {at} {whom}に電話：{word}（{by}）
                  </Trans>
                )}
                {made.mine && (
                  <Button size="small" look="text" aria-label={t`${at}の「${word}」を取り消す`} onPress={() => void call(`calls/${made.id}/undo`, {})}>
                    <Trans>取り消す</Trans>
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
      )}
      {calling?.mine && page.may.call && (
        <Calling child={child} page={page} took={took} onMade={(outcome, relation) => void call('calls', { outcome, relation })} onMark={(body) => void act(markPath(child.class.id, page.date), body)} />
      )}
      <Refused error={error} />
      {changed && (
        <Strip kind="look" live>
          <Trans>この子の出欠は、ほかの人が先に変えました。保存していません。いまの内容を確かめてください。</Trans>
        </Strip>
      )}
    </li>
  )
}

function Since({ at }: { readonly at: string }) {
  return (
    <span className={panel.aside}>
      <Trans>{at}の記録</Trans>
    </span>
  )
}

function Caller({ calling, date }: { readonly calling: NonNullable<MissingChild['calling']>; readonly date: Unannounced['date'] }) {
  const [at, who] = [timeOf(calling.at, date), fullName(calling.by)]
  return (
    <span className={styles.by}>
      {calling.mine ? (
        <Trans>{at}から あなたがかけています</Trans>
      ) : (
        <Trans>
          {at}から {who}さんがかけています
        </Trans>
      )}
    </span>
  )
}

interface CallingProps extends CallProps {
  /** Taken on by a press here: the keyboard goes on from here. */
  readonly took: boolean
  readonly onMade: (outcome: Outcome, relation: string | null) => void
  readonly onMark: (body: unknown) => void
}

/** Whom to call, and what came of it. */
function Calling({ child, page, took, onMade, onMark }: CallingProps) {
  const { t } = useLingui()
  const me = useMe()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (took) box.current?.focus()
  }, [took])
  const name = fullName(child.pupil)
  const { present, late } = page.codes
  const takes = me.roles.some(({ kind, school }) => kind !== 'nurse' && school?.id === page.school.id)
  return (
    <div ref={box} tabIndex={-1} role="group" aria-label={t`${name}さんの家への電話`} className={styles.panel}>
      <Numbers pupil={child.pupil.id} onMade={onMade} />
      <div className={panel.bar}>
        <span className={styles.came}>
          <Trans>どうなりましたか</Trans>
        </span>
        {takes && (
          <LinkButton size="small" look="filled" to="/calls" search={{ pupil: child.pupil.id }}>
            <Trans>連絡を受けた…</Trans>
          </LinkButton>
        )}
        {page.may.mark && present !== null && (
          <Button size="small" onPress={() => onMark(markBody(child, present, 'mistaken_entry'))}>
            <Trans>登校していた</Trans>
          </Button>
        )}
        {page.may.mark && late !== null && (
          <Button size="small" onPress={() => onMark(markBody(child, late, 'came_later'))}>
            <Trans>遅れて登校した</Trans>
          </Button>
        )}
        {!page.may.mark && (
          <Link to="/classes/$classId/days/$date/roll" params={{ classId: child.class.id, date: page.date }}>
            <Trans>学級の記録を見る</Trans>
          </Link>
        )}
        <Button size="small" onPress={() => onMade('left_home', null)}>
          <Trans>「家は出た」とのこと</Trans>
        </Button>
      </div>
      {!page.may.mark && (
        <p className={panel.hint}>
          <Trans>登校していたときは、担任か事務に伝えてください。出欠を直すと、この子はここから消えます。</Trans>
        </p>
      )}
    </div>
  )
}

/** Guardians with their numbers, whom the school may call first; registry tells them, and keeps who asked. */
function Numbers({ pupil, onMade }: { readonly pupil: string; readonly onMade: CallingProps['onMade'] }) {
  const { t } = useLingui()
  const { data, error, again } = useRead(cardQuery(pupil))
  if (!data) return error ? <CannotRead error={error} what={t`家庭の電話番号`} onRetry={again} /> : <LoadingRows rows={2} />
  const whom = [...(data.guardians ?? [])].filter(({ contact, notify }) => contact || notify).toSorted((a, b) => Number(b.contact) - Number(a.contact))
  if (whom.length === 0)
    return (
      <p className={panel.wait}>
        <Trans>電話をかけてよい保護者が、名簿にありません。担任と校長に伝えてください。</Trans>
      </p>
    )
  return (
    <ul className={styles.numbers}>
      {whom.map((tie) => (
        <Guardian key={tie.period} tie={tie} onMade={onMade} />
      ))}
    </ul>
  )
}

function Guardian({ tie, onMade }: { readonly tie: Tie; readonly onMade: CallingProps['onMade'] }) {
  const { t } = useLingui()
  const [relation, word] = [tie.relation, tie.relation_word]
  return (
    <li>
      <span className={styles.guardian}>
        {word} <Name person={tie.person} />
      </span>
      <span className={styles.tel}>
        {tie.phones.length === 0 ? (
          <span className={panel.aside}>{tie.contact ? <Trans>番号の記録がありません</Trans> : <Trans>学校から電話する相手ではありません</Trans>}</span>
        ) : (
          tie.phones.map(({ number, kind_word }) => (
            <span key={number}>
              <a href={`tel:${number.replaceAll('-', '')}`}>{number}</a> <span className={panel.aside}>{kind_word}</span>
            </span>
          ))
        )}
      </span>
      {tie.phones.length > 0 && (
        <span className={styles.made}>
          <Button size="small" aria-label={t`${word}につながらない`} onPress={() => onMade('no_answer', relation)}>
            <Trans>つながらない</Trans>
          </Button>
          <Button size="small" aria-label={t`${word}の留守番電話に残した`} onPress={() => onMade('left_word', relation)}>
            <Trans>留守番電話に残した</Trans>
          </Button>
        </span>
      )}
    </li>
  )
}
