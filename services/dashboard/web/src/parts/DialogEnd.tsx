import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import type { NotConnected, Problem } from '~/api/problem'
import { Button } from './Button'
import { DialogButtons } from './DialogButtons'
import { Refused } from './Refused'

interface DialogEndProps {
  /** Why the act did nothing. */
  readonly error?: Problem | NotConnected | null
  readonly onClose: () => void
  /** The act; none where nothing can be done. */
  readonly children: ReactNode
}

/** The end of a dialog that sends something: why it was refused, the act, and the way out. */
export function DialogEnd({ error = null, onClose, children }: DialogEndProps) {
  return (
    <>
      <Refused error={error} />
      <DialogButtons>
        {children}
        <Button onPress={onClose} shortcut="Esc">
          <Trans>やめる</Trans>
        </Button>
      </DialogButtons>
    </>
  )
}
