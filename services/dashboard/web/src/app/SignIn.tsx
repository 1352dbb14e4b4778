import { Trans, useLingui } from '@lingui/react/macro'
import { signInAddress } from '~/api/session'
import { PlainLinkButton } from '~/parts/LinkButton'
import { useScreen } from './screen'
import styles from './SignIn.module.css'

interface SignInProps {
  /** Where to go after the sign-in. */
  readonly to: string
  /** True right after a sign-out. */
  readonly left?: boolean
}

/** Before a session, and after one. */
export function SignIn({ to, left = false }: SignInProps) {
  const { t } = useLingui()
  useScreen(left ? t`サインアウトしました` : t`サインイン`)
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.brand}>
          Tsumugi
        </p>
        <h1 className={styles.title}>{left ? <Trans>サインアウトしました</Trans> : <Trans>サインイン</Trans>}</h1>
        <p>
          {left ? (
            <Trans>この端末に残っていた名簿と入力の控えは消しました。ほかの人が使う端末なら、このまま閉じてください。</Trans>
          ) : (
            <Trans>学校や教育委員会からもらったアカウントで入ります。入ると、開こうとしていた画面に進みます。</Trans>
          )}
        </p>
        <PlainLinkButton look="filled" size="large" href={signInAddress(to)}>
          {left ? <Trans>もう一度サインインする</Trans> : <Trans>サインインする</Trans>}
        </PlainLinkButton>
      </div>
    </main>
  )
}
