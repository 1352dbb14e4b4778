import { Trans } from '@lingui/react/macro'
import { useInstall } from '~/app/install'
import { PlainButton as Button } from '~/parts/PlainButton'
import styles from './Page.module.css'

/** 「ホーム画面に置く」: offered after the first receipt, when one knows what for. */
export function Install() {
  const install = useInstall()
  if (install === null) return null
  return (
    <aside className={styles.install}>
      <p>
        <Trans>ホーム画面に置くと、つぎから1回押すだけで開きます。</Trans>
      </p>
      <Button onPress={install}>
        <Trans>ホーム画面に置く</Trans>
      </Button>
    </aside>
  )
}
