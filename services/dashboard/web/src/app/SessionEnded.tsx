import { Trans } from '@lingui/react/macro'
import { useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { signInAddress } from '~/api/session'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { PlainLinkButton } from '~/parts/LinkButton'

interface SessionEndedProps {
  /** Somebody else is signed in on this machine: the sign-in must ask who it is. */
  readonly another: boolean
}

/** The session ran out while somebody worked: what was typed stays, here and on the device, until the next sign-in. */
export default function SessionEnded({ another }: SessionEndedProps) {
  const here = useLocation({ select: ({ href }) => href })
  const [put, setPut] = useState(false)
  return (
    <Dialog
      role="alertdialog"
      open={!put}
      onClose={() => setPut(true)}
      title={another ? <Trans>この端末ではほかの人がサインインしています</Trans> : <Trans>サインインの時間が終わりました</Trans>}
    >
      <p>
        {another ? (
          <Trans>入力したものはこの端末に残っています。ほかの人の名前では送りません。自分でサインインし直すと、自動で送ります。</Trans>
        ) : (
          <Trans>入力したものはこの端末に残っています。サインインすると同じ画面に戻り、送っていない記録は自動で送ります。</Trans>
        )}
      </p>
      <DialogButtons>
        <PlainLinkButton look="filled" href={signInAddress(here, another)} autoFocus>
          <Trans>サインインする</Trans>
        </PlainLinkButton>
        <Button onPress={() => setPut(true)}>
          <Trans>画面を見る</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
