import { Trans } from '@lingui/react/macro'
import { Problem, type NotConnected } from '~/api/problem'
import { signInAddress } from '~/api/session'
import { PlainLinkButton } from './LinkButton'
import { Strip } from './Strip'
import styles from './Refused.module.css'

/** Why a command did nothing: every cell or field with what to do, the way to prove who one is, or no network. */
export function Refused({ error }: { readonly error: Problem | NotConnected | null }) {
  if (!error) return null
  if (!(error instanceof Problem))
    return (
      <Strip kind="wait" live>
        <Trans>つながっていません。まだ保存していません。つながってから、もう一度押してください。</Trans>
      </Strip>
    )
  if (error.stepUp)
    return (
      <Strip
        kind="look"
        live
        action={
          <PlainLinkButton size="small" href={signInAddress(location.pathname + location.search, true)}>
            <Trans>本人確認をする</Trans>
          </PlainLinkButton>
        }
      >
        <Trans>大切な操作なので、もう一度本人確認をします。終わると、この画面に戻ります。</Trans>
      </Strip>
    )
  const { title, detail, errors } = error.body
  return (
    <Strip kind="wrong" live>
      <strong>{title || <Trans>保存していません</Trans>}</strong>
      {errors.length > 0 ? (
        <ul className={styles.errors}>
          {errors.map(({ cell, message }, i) => (
            <li key={i}>
              {cell !== undefined && <strong>{cell} </strong>}
              {message}
            </li>
          ))}
        </ul>
      ) : (
        <p>{detail || <Trans>少し待ってから、もう一度押してください。</Trans>}</p>
      )}
    </Strip>
  )
}
