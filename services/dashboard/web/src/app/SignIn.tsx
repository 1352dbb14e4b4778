import { Trans, useLingui } from '@lingui/react/macro'
import { paperSignInAddress, signInAddress } from '~/api/session'
import { PlainLinkButton } from '~/parts/LinkButton'
import { useScreen } from './screen'
import styles from './SignIn.module.css'

interface SignInProps {
  /** Where to go after the sign-in. */
  readonly to: string
  /** What brought the person here: a sign-out, an order that ended the session, a sign-in that took too long or was refused; else the first visit. */
  readonly after?: 'left' | 'revoked' | 'expired' | 'refused' | 'nothing'
}

/** Before a session, and after one. */
export function SignIn({ to, after = 'nothing' }: SignInProps) {
  const { t } = useLingui()
  const words = {
    nothing: [t`サインイン`, t`次の画面で人を選ぶか、アカウントで入ります。入ると、開こうとしていた画面に進みます。`],
    left: [t`サインアウトしました`, t`この端末に残っていた名簿と入力の控えは消しました。ほかの人が使う端末なら、このまま閉じてください。`],
    revoked: [t`サインインが取り消されました`, t`管理者がこのサインインを終わらせました。この端末に残っていた名簿と入力の控えは消しました。心当たりがないときは、学校の管理者に伝えてください。`],
    expired: [t`サインインが時間切れになりました`, t`はじめからもう一度入ってください。入力したものは、この端末に残っています。`],
    refused: [t`サインインできませんでした`, t`取りやめたか、アカウントがまだ使えません。続くときは、学校の管理者に伝えてください。`],
  } as const
  const [title, text] = words[after]
  useScreen(title)
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.brand}>
          <Trans>紬（つむぎ）</Trans>
        </p>
        <h1 className={styles.title}>{title}</h1>
        <p>{text}</p>
        <PlainLinkButton look="filled" size="large" href={signInAddress(to)}>
          {after === 'nothing' ? <Trans>サインインする</Trans> : <Trans>もう一度サインインする</Trans>}
        </PlainLinkButton>
        {/* The words stand on the sheet that the school hands out. */}
        <p>
          <a href={paperSignInAddress()}>
            <Trans>学校の紙で入る</Trans>
          </a>
        </p>
      </div>
    </main>
  )
}
