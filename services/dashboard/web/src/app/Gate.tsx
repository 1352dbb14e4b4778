import { useQuery } from '@tanstack/react-query'
import { useLingui } from '@lingui/react/macro'
import { useLocation } from '@tanstack/react-router'
import { Suspense, useEffect, useRef } from 'react'
import { Problem } from '~/api/problem'
import { session } from '~/api/session'
import { outbox } from '~/outbox/useOutbox'
import { CannotRead, LoadingRows } from '~/parts/States'
import { FamilyFrame, StaffFrame, staysInFamily } from './frames'
import { meQuery } from './me'
import { SignIn } from './SignIn'

/** Nothing of the inside is shown before the session is known; afterwards its end does not take the page away. */
export function Gate() {
  const { t } = useLingui()
  const { data: me, error, refetch } = useQuery(meQuery)
  const here = useLocation({ select: ({ href }) => href })
  const path = useLocation({ select: ({ pathname }) => pathname })
  const owner = me?.person.id
  const first = useRef(owner)

  useEffect(() => {
    if (owner === undefined) return
    if (first.current !== undefined && first.current !== owner) location.reload() // somebody else signed in meanwhile
    first.current = owner
    session.open(owner)
    void outbox.start(owner)
    const [unwatch, untaken] = [outbox.watch(), session.onTaken(() => location.reload())]
    return () => {
      unwatch()
      untaken()
    }
  }, [owner])

  if (me)
    return <Suspense fallback={<LoadingRows rows={8} />}>{staysInFamily(me, path) ? <FamilyFrame /> : <StaffFrame />}</Suspense>
  if (error instanceof Problem && error.status === 401) return <SignIn to={here} />
  return <main>{error ? <CannotRead error={error} what={t`サインインの状態`} onRetry={() => void refetch()} /> : <LoadingRows rows={8} />}</main>
}
