import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { useCommand } from '~/api/useCommand'
import { timeOf, type Day } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import { KEY, type Act, type Alert, type Alerts } from './data'
import { meant, stateOf } from './rules'
import styles from './Page.module.css'

/** What was said about an alert, by whom, when. */
export function Acts({ acts, date }: { readonly acts: readonly Act[]; readonly date: Day }) {
  if (acts.length === 0) return null
  return (
    <ul className={styles.acts}>
      {acts.map((act, i) => (
        <li key={i}>
          {timeOf(act.at, date)} {fullName(act.by)} <Word act={act} />
        </li>
      ))}
    </ul>
  )
}

function Word({ act: { act, done } }: { readonly act: Act }) {
  if (act === 'closed') return <strong>{done}</strong>
  return act === 'seen' ? <Trans>見ました</Trans> : <Trans>もう一度開きました</Trans>
}

/** Takes a child's alerts up, closes them with what was done, opens them again. */
export function Say({ alerts, page, path }: { readonly alerts: readonly Alert[]; readonly page: Alerts; readonly path: string }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<unknown>(me.person.id)
  const [closing, setClosing] = useState(false)
  const [done, setDone] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const [name, rule] = [fullName(alerts[0]!.pupil), alerts.map(({ word }) => word).join('、')]
  const state = stateOf(alerts)

  async function say(act: Act['act'], what: string | null = null) {
    if (sending) return
    let said: unknown = null
    for (const { pupil, rule: code, first } of meant(alerts, act)) {
      said = await send(`${path}/${pupil.id}`, { rule: code, first, act, done: what })
      if (!said) break
    }
    if (said) setClosing(false)
    await queries.invalidateQueries({ queryKey: [KEY] })
  }
  function close() {
    setTried(true)
    if (done !== null) void say('closed', done)
  }

  return (
    <>
      {closing ? (
        <div className={styles.closing}>
          <Tiles
            label={t`何をしましたか`}
            required
            value={done}
            onChange={setDone}
            wrong={tried && done === null ? t`何をしたかをえらんでください` : undefined}
            tiles={page.done.map(({ code, word }) => ({ value: code, content: word }))}
          />
          <div className={panel.bar}>
            <Button look="filled" onPress={close}>
              <Trans>対応をすませる</Trans>
            </Button>
            <Button onPress={() => setClosing(false)}>
              <Trans>やめる</Trans>
            </Button>
          </div>
        </div>
      ) : (
        <div className={panel.bar}>
          {state === 'open' && (
            <Button size="small" aria-label={t`${name}さんの「${rule}」を見ました`} onPress={() => void say('seen')}>
              <Trans>見ました</Trans>
            </Button>
          )}
          {state === 'closed' ? (
            <Button size="small" aria-label={t`${name}さんの「${rule}」をもう一度開く`} onPress={() => void say('reopened')}>
              <Trans>もう一度開く</Trans>
            </Button>
          ) : (
            <Button size="small" aria-label={t`${name}さんの「${rule}」の対応をすませる`} onPress={() => setClosing(true)}>
              <Trans>対応をすませる…</Trans>
            </Button>
          )}
        </div>
      )}
      <Refused error={error} />
    </>
  )
}
