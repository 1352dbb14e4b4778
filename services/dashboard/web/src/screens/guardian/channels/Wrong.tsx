import { Trans } from '@lingui/react/macro'
import { NotConnected, type Problem } from '~/api/problem'
import styles from './Page.module.css'

/** Why nothing was saved: nobody answered, or the service says what to mend. */
export function Wrong({ error }: { readonly error: Problem | NotConnected | null }) {
  if (error === null) return null
  return (
    <p role="alert" className={styles.late}>
      {error instanceof NotConnected ? <Trans>つながっていません</Trans> : (error.body.detail)}
    </p>
  )
}
