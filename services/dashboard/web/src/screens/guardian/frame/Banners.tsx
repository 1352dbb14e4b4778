import { Trans } from '@lingui/react/macro'
import { useLocation } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { signInAddress, useSession } from '~/api/session'
import { useMe } from '~/app/me'
import { useOutbox } from '~/outbox/useOutbox'
import { PlainLinkButton } from '~/parts/LinkButton'
import { PlainButton } from '~/parts/PlainButton'
import { useSpeaking } from '~/languages/speaking'
import { useAccountLanguage } from '../choosing'
import { HOME } from '../data'
import { useNewVersion } from './version'
import styles from './Frame.module.css'

/** What matters on whatever page one is: the sign-in is over, something cannot be sent, a new version is there. */
export function Banners() {
  const me = useMe()
  const session = useSession()
  const here = useLocation({ select: ({ href }) => href })
  const path = useLocation({ select: ({ pathname }) => pathname })
  const stranded = useOutbox().some(({ owner, state }) => owner === me.person.id && state === 'unknown')
  const fresh = useNewVersion()
  const { offered, confirm } = useAccountLanguage()
  const { own } = useSpeaking().language
  const again = <PlainButton onPress={() => location.reload()}>{<Trans>読み込み直す</Trans>}</PlainButton>
  return (
    <>
      {session === 'ended' && (
        <Banner
          act={
            <PlainLinkButton look="filled" href={signInAddress(here)}>
              <Trans>サインインする</Trans>
            </PlainLinkButton>
          }
        >
          <Trans>サインインの時間が終わりました。書いたものはこの端末に残っています。サインインすると送ります。</Trans>
        </Banner>
      )}
      {session === 'another' && (
        <Banner
          act={
            <PlainLinkButton look="filled" href={signInAddress(here, true)}>
              <Trans>サインインする</Trans>
            </PlainLinkButton>
          }
        >
          <Trans>この端末ではほかの人がサインインしています。書いたものは、ほかの人の名前では送りません。</Trans>
        </Banner>
      )}
      {stranded && (
        <Banner act={again}>
          <Trans>古い版で書いた連絡が残っていて、まだ届いていません。読み込み直してください。</Trans>
        </Banner>
      )}
      {offered && path === HOME && (
        <Banner
          act={
            <PlainButton onPress={confirm}>
              <Trans>わかりました</Trans>
            </PlainButton>
          }
        >
          <Trans>{own}で出しています。ほかのことばは、ページの下でえらべます。</Trans>
        </Banner>
      )}
      {/* Only where nothing is being written: a reload would take it. */}
      {fresh && path === HOME && (
        <Banner act={again}>
          <Trans>新しい版があります。</Trans>
        </Banner>
      )}
    </>
  )
}

function Banner({ children, act }: { readonly children: ReactNode; readonly act: ReactNode }) {
  return (
    <div className={styles.banner} role="status">
      <p>{children}</p>
      {act}
    </div>
  )
}
