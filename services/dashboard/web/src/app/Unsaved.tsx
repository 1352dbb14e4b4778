import { Trans } from '@lingui/react/macro'
import { useBlocker } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { session } from '~/api/session'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'

interface UnsavedProps {
  /** What would be lost: 「学級の案をまだ保存していません」. */
  readonly title: ReactNode
  /** It is left behind, and nothing of it is to be kept. */
  readonly onDrop: () => void
}

const always = () => true
/** A session that is over leads to the sign-in and back, or away for good: a browser's own question would stop it. */
const whileOpen = () => session.current() === 'open'

/** Rendered while something is not saved: asks before it is left by a link, by going back or by closing the tab. */
export function Unsaved({ title, onDrop }: UnsavedProps) {
  const { status, proceed, reset } = useBlocker({ shouldBlockFn: always, enableBeforeUnload: whileOpen, withResolver: true })
  if (status !== 'blocked') return null
  return (
    <Dialog role="alertdialog" open onClose={reset} title={title}>
      <p>
        <Trans>この画面を離れると、保存していないものは消えます。</Trans>
      </p>
      <DialogButtons>
        <Button look="filled" onPress={reset} autoFocus>
          <Trans>この画面に残る</Trans>
        </Button>
        <Button
          onPress={() => {
            onDrop()
            proceed()
          }}
        >
          <Trans>保存せずに離れる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
