import { Trans } from '@lingui/react/macro'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { PlainButton as Button } from '~/parts/PlainButton'
import { DialogButtons } from '~/parts/DialogButtons'
import { Goto } from '~/parts/Goto'
import styles from './SignIn.module.css'

/** A fault of the screen itself: says that nothing entered is lost, and how to go on. */
export function Broken({ reset }: ErrorComponentProps) {
  const router = useRouter()
  return (
    <main className={styles.page}>
      <div className={styles.card} role="alert">
        <CircleAlert aria-hidden size="2rem" strokeWidth={1.5} />
        <h1 className={styles.title}>
          <Trans>この画面を表示できませんでした</Trans>
        </h1>
        <p>
          <Trans>入力したものはこの端末に残っています。もう一度開いても同じなら、画面の名前を添えて管理者に伝えてください。</Trans>
        </p>
        <DialogButtons>
          <Button
            look="filled"
            onPress={() => {
              reset()
              void router.invalidate()
            }}
          >
            <Trans>もう一度開く</Trans>
          </Button>
          <Goto href="/">
            <Trans>はじめの画面へ</Trans>
          </Goto>
        </DialogButtons>
      </div>
    </main>
  )
}
