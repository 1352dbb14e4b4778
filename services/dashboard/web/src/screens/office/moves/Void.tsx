import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { TextLine } from '~/parts/TextLine'
import { KEY, voidPath, type Certificate } from './data'
import styles from './Page.module.css'

/** A certificate counts no longer: why. */
export default function Void({ certificate, onClose }: { readonly certificate: Certificate; readonly onClose: () => void }) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand(useMe().person.id)
  const [reason, setReason] = useState('')
  return (
    <Dialog
      open
      onClose={onClose}
      title={
        <Trans>
          {certificate.title} {certificate.number}を無効にする
        </Trans>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (sending || reason.trim() === '') return
          void send(voidPath(certificate.id), { reason: reason.trim() }).then(async (answer) => {
            if (answer === null) return
            await queries.invalidateQueries({ queryKey: [KEY] })
            onClose()
          })
        }}
      >
        <p>
          <Trans>番号は使ったままになり、一覧にわけが残ります。渡した紙は回収してください。</Trans>
        </p>
        <TextLine label={t`わけ`} value={reason} onChange={setReason} max={100} required autoFocus />
        <DialogEnd error={error} onClose={onClose}>
          <Button look="filled" type="submit">
            <Trans>無効にする</Trans>
          </Button>
        </DialogEnd>
      </form>
    </Dialog>
  )
}
