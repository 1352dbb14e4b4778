import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { keepOwn, ownChannel, unsubscribe } from '~/app/ownDevice'
import { useSpeaking } from '~/languages/speaking'
import { PlainButton as Button } from '~/parts/PlainButton'
import { CHANNELS_PATH, channelPath, channelsQuery, type Channels, type Saved } from './data'
import { ability, deviceKind, subscribe } from './device'
import { One } from './One'
import { Wrong } from './Wrong'
import styles from './Page.module.css'

/** 端末: asked for on a tap, one by one; whoever has lost one removes it from another. */
export function Devices({ page }: { readonly page: Channels }) {
  const { t } = useLingui()
  const { language } = useSpeaking()
  const queries = useQueryClient()
  const me = useMe().person.id
  const { send, error } = useCommand<Saved>(me)
  const [refused, setRefused] = useState(false)
  const [busy, setBusy] = useState(false)
  const devices = page.channels.filter(({ kind }) => kind === 'push')
  const own = devices.find(({ channel }) => channel === ownChannel())
  const label = { apple: t`iPhone・iPad`, android: t`Android`, computer: t`パソコン` }[deviceKind()]

  async function switchOn(key: string) {
    if (busy) return
    setBusy(true)
    setRefused(false)
    try {
      const made = await subscribe(key)
      if (!made) {
        setRefused(true)
        return
      }
      const saved = await send(`${CHANNELS_PATH}/push`, { ...made, label, language: language.code })
      if (saved) keepOwn(saved.channel, me)
      await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
    } catch {
      setRefused(true)
    } finally {
      setBusy(false)
    }
  }

  async function remove(channel: string) {
    const saved = await send(channelPath(channel, 'remove'), {})
    if (saved && channel === ownChannel()) await unsubscribe().catch(() => undefined)
    await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
  }

  return (
    <section className={styles.way} aria-label={t`端末`}>
      <h2>
        <Trans>端末</Trans>
      </h2>
      {devices.length > 0 && (
        <ul className={styles.list}>
          {devices.map((channel) => (
            <One key={channel.channel} channel={channel} name={channel === own ? <Trans>{channel.label}（この端末）</Trans> : channel.label}>
              <div className={styles.acts}>
                <Button onPress={() => void remove(channel.channel)}>
                  <Trans>消す</Trans>
                </Button>
              </div>
            </One>
          ))}
        </ul>
      )}
      <Wrong error={error} />
      {refused && (
        <p role="alert" className={styles.late}>
          <Trans>お知らせは入っていません。ブラウザーがたずねたら「許可」を押してください。</Trans>
        </p>
      )}
      {page.push_key === null ? (
        <p className={styles.aside}>
          <Trans>端末へのお知らせは、いま使えません。アプリを開けば、いつでも見られます。</Trans>
        </p>
      ) : own === undefined || own.gone ? (
        <SwitchOn busy={busy} onPress={() => void switchOn(page.push_key!)} />
      ) : null}
    </section>
  )
}

function SwitchOn({ busy, onPress }: { readonly busy: boolean; readonly onPress: () => void }) {
  const can = ability()
  if (can === 'able')
    return (
      <div className={styles.acts}>
        <Button onPress={onPress} aria-busy={busy}>
          <Trans>この端末で受け取る</Trans>
        </Button>
      </div>
    )
  return (
    <p className={styles.aside}>
      {can === 'denied' ? (
        <Trans>この端末では、お知らせがとめられています。ブラウザーの設定で「許可」にしてから、開き直してください。</Trans>
      ) : can === 'install' ? (
        <Trans>iPhone・iPadでは、ホーム画面に置いた紬から開くと使えます。</Trans>
      ) : (
        <Trans>このブラウザーでは使えません。メールをお使いください。</Trans>
      )}
    </p>
  )
}
