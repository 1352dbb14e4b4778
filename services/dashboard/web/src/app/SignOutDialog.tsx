import { Plural, Trans } from '@lingui/react/macro'
import { useState } from 'react'
import { signOut } from '~/api/http'
import { session } from '~/api/session'
import { counts } from '~/outbox/rules'
import { useOutbox } from '~/outbox/useOutbox'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { useMe } from './me'

/** Ends the session; asks first when something would be lost with it. */
export default function SignOutDialog({ onClose }: { readonly onClose: () => void }) {
  const me = useMe()
  const { unsent, stuck } = counts(useOutbox(), me.person.id)
  const [failed, setFailed] = useState(false)
  const n = unsent + stuck

  async function leave() {
    setFailed(false)
    try {
      session.leave(me.person.id, await signOut(me.person.id))
    } catch {
      setFailed(true)
    }
  }

  return (
    <Dialog open onClose={onClose} title={n ? <Plural value={n} other="まだ届いていない記録が#件あります" /> : <Trans>サインアウトしますか</Trans>}>
      <p>
        {n ? (
          <Trans>サインアウトすると、この端末から消えます。つながるまで待つと、自動で送ります。</Trans>
        ) : (
          <Trans>この端末に残っている名簿と入力の控えも消します。</Trans>
        )}
      </p>
      {failed && (
        <p role="alert">
          <Trans>つながっていないので、サインアウトできません。つながってから、もう一度押してください。</Trans>
        </p>
      )}
      <DialogButtons>
        {n ? (
          <>
            <Button look="filled" onPress={onClose} autoFocus>
              <Trans>つながるまで待つ</Trans>
            </Button>
            <Button onPress={() => void leave()}>
              <Plural value={n} other="#件を消してサインアウト" />
            </Button>
          </>
        ) : (
          <>
            <Button look="filled" onPress={() => void leave()} autoFocus>
              <Trans>サインアウト</Trans>
            </Button>
            <Button onPress={onClose}>
              <Trans>やめる</Trans>
            </Button>
          </>
        )}
      </DialogButtons>
    </Dialog>
  )
}
