import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { useSpeaking } from '~/languages/speaking'
import { PlainButton as Button } from '~/parts/PlainButton'
import { Field } from '~/parts/Field'
import { CHANNELS_PATH, channelPath, channelsQuery, type Channel, type Channels, type Saved } from './data'
import { One } from './One'
import { Wrong } from './Wrong'
import styles from './Page.module.css'

/** メール: an address is used when its code has come back. */
export function Mails({ page }: { readonly page: Channels }) {
  const { t } = useLingui()
  const mails = page.channels.filter(({ kind }) => kind === 'email')
  return (
    <section className={styles.way} aria-label={t`メール`}>
      <h2>
        <Trans>メール</Trans>
      </h2>
      {!page.mail && (
        <p className={styles.aside}>
          <Trans>メールは、いま使えません。アプリを開けば、いつでも見られます。</Trans>
        </p>
      )}
      {page.kept && (
        <p className={styles.aside}>
          <Trans>れんしゅうなので、メールは外へ出ません。この町を動かしている機械で、次の1行を打つと読めます。</Trans> <code lang="en">.venv/bin/tsumugi mail read</code>
        </p>
      )}
      {mails.length > 0 && (
        <ul className={styles.list}>
          {mails.map((channel) => (
            <Mail key={channel.channel} channel={channel} on={page.mail} />
          ))}
        </ul>
      )}
      {page.mail && <Adding first={mails.length === 0} />}
    </section>
  )
}

/** Where no address stands the form is open; beside one it is asked for, so that nobody fills it in twice. */
function Adding({ first }: { readonly first: boolean }) {
  const [wanted, setWanted] = useState(false)
  if (first || wanted) return <Add onAdded={() => setWanted(false)} />
  return (
    <div className={styles.acts}>
      <Button onPress={() => setWanted(true)}>
        <Trans>ほかのアドレスを加える</Trans>
      </Button>
    </div>
  )
}

/** Sends, then reads anew what stands. */
function useSaving() {
  const queries = useQueryClient()
  const { send, ...rest } = useCommand<Saved>(useMe().person.id)
  return {
    ...rest,
    save: async (path: string, body: unknown): Promise<Saved | null> => {
      const saved = await send(path, body)
      await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
      return saved
    },
  }
}

function Add({ onAdded }: { readonly onAdded: () => void }) {
  const { t } = useLingui()
  const { language } = useSpeaking()
  const [address, setAddress] = useState('')
  const [missing, setMissing] = useState<string | undefined>()
  const { save, sending, error, forget } = useSaving()

  async function add(event: SubmitEvent) {
    event.preventDefault()
    if (sending) return
    if (address.trim() === '') {
      setMissing(t`メールアドレスを入れてください`)
      return
    }
    if (await save(`${CHANNELS_PATH}/email`, { address, language: language.code })) onAdded()
  }

  function change(value: string) {
    setAddress(value)
    setMissing(undefined)
    forget()
  }

  return (
    <form className={styles.form} onSubmit={(event) => void add(event)}>
      <Field label={t`メールアドレス`} hint={t`番号を書いたメールを送ります`} type="email" inputMode="email" autoComplete="email" value={address} {...(missing === undefined ? {} : { wrong: missing })} onChange={change} />
      <Wrong error={error} />
      <Button type="submit">
        <Trans>番号を送る</Trans>
      </Button>
    </form>
  )
}

function Mail({ channel, on }: { readonly channel: Channel; readonly on: boolean }) {
  const { t } = useLingui()
  const [code, setCode] = useState('')
  const [wrong, setWrong] = useState<string | undefined>()
  const { save, sending, error, forget } = useSaving()
  const asks = !channel.confirmed && !channel.gone

  async function confirm(event: SubmitEvent) {
    event.preventDefault()
    if (sending) return
    if (!/^\d{6}$/.test(halfWidth(code))) {
      setWrong(t`6けたの番号を入れてください`)
      return
    }
    const saved = await save(channelPath(channel.channel, 'confirm'), { code: halfWidth(code) })
    if (saved?.confirmed === false) setWrong(saved.tries_left === 0 ? t`この番号はもう使えません。番号をもう一度送ってください。` : t`番号がちがいます。メールの番号を確かめてください。`)
  }

  function change(value: string) {
    setCode(value)
    setWrong(undefined)
    forget()
  }

  return (
    <One channel={channel} name={channel.address}>
      {asks && on && (
        <form className={styles.form} onSubmit={(event) => void confirm(event)}>
          <Field label={t`メールに書いてある番号（6けた）`} inputMode="numeric" autoComplete="one-time-code" maxLength={6} value={code} {...(wrong === undefined ? {} : { wrong })} onChange={change} />
          <Button type="submit" look="filled">
            <Trans>確かめる</Trans>
          </Button>
        </form>
      )}
      <Wrong error={error} />
      <div className={styles.acts}>
        {asks && on && (
          <Button onPress={() => void save(channelPath(channel.channel, 'code'), {})}>
            <Trans>番号をもう一度送る</Trans>
          </Button>
        )}
        <Button onPress={() => void save(channelPath(channel.channel, 'remove'), {})}>
          <Trans>消す</Trans>
        </Button>
      </div>
    </One>
  )
}

/** Digits as a Japanese keyboard may write them. */
function halfWidth(code: string): string {
  return code.normalize('NFKC').trim()
}
