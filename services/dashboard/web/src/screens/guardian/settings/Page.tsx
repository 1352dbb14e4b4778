import '../words'
import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { command, signOut } from '~/api/http'
import { session } from '~/api/session'
import { useMe } from '~/app/me'
import { withOwn } from '~/app/ownDevice'
import { useScreen } from '~/app/screen'
import { counts } from '~/outbox/rules'
import { useOutbox } from '~/outbox/useOutbox'
import { LinkButton } from '~/parts/LinkButton'
import { PlainButton } from '~/parts/PlainButton'
import { channelPath } from '../channels/data'
import { Title } from '../frame/Title'
import { Languages } from '../home/Languages'
import { OwnName } from './OwnName'
import styles from './Page.module.css'

/** 設定: who I am here, the language, and the way out. */
export default function SettingsPage() {
  const { t } = useLingui()
  useScreen(t`設定`)
  return (
    <div className={styles.page}>
      <Title>
        <Trans>設定</Trans>
      </Title>
      <OwnName />
      <section className={styles.part}>
        <h2>
          <Trans>ことば</Trans>
        </h2>
        <Languages />
      </section>
      <div>
        <LinkButton to="/family/told">
          <Trans>お知らせの受け取り方</Trans>
        </LinkButton>
      </div>
      <Leaving />
    </div>
  )
}

/** The way out; asks first, for what was not sent goes with it. */
function Leaving() {
  const me = useMe()
  const { unsent, stuck } = counts(useOutbox(), me.person.id)
  const [asking, setAsking] = useState(false)
  const [failed, setFailed] = useState(false)
  const n = unsent + stuck

  async function leave() {
    setFailed(false)
    try {
      // While there is a session; without it the address is dead at the next message, for the browser has forgotten it.
      await withOwn(me.person.id, (channel) => command(channelPath(channel, 'remove'), {}, crypto.randomUUID(), me.person.id))
      session.leave(me.person.id, await signOut(me.person.id))
    } catch {
      setFailed(true)
    }
  }

  if (!asking)
    return (
      <div>
        <PlainButton onPress={() => setAsking(true)}>
          <Trans>サインアウト</Trans>
        </PlainButton>
      </div>
    )
  return (
    <section className={styles.part} role="group">
      <h2>
        <Trans>サインアウトしますか</Trans>
      </h2>
      <p>{n > 0 ? <Trans>まだ届いていない連絡（{n}）は、この端末から消えます。つながるまで待つと、自動で送ります。</Trans> : <Trans>つぎに使うときは、もう一度サインインします。</Trans>}</p>
      {failed && (
        <p role="alert" className={styles.wrong}>
          <Trans>つながっていないので、サインアウトできません。つながってから、もう一度押してください。</Trans>
        </p>
      )}
      <div className={styles.acts}>
        <PlainButton look="filled" onPress={() => void leave()} autoFocus>
          <Trans>サインアウトする</Trans>
        </PlainButton>
        <PlainButton onPress={() => setAsking(false)}>
          <Trans>やめる</Trans>
        </PlainButton>
      </div>
    </section>
  )
}
