import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cardQuery, type Card } from '~/api/people'
import { useRead } from '~/api/useRead'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { fullName } from '~/parts/Name'
import { CannotRead, Empty, LoadingRows, NoRight } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import '../words'
import { ContactForm } from './contact'
import { EraseForm } from './erase'
import { GuardianForm, ProtectionForm, RightsForm } from './family'
import { BasicsForm, NameForm } from './names'
import { SeatForm } from './seat'
import styles from './Page.module.css'

const route = getRouteApi('/inside/people/$personId/change/$act')
/** Whoever changes rights proves first who they are, and types after it. */
const RIGHTS = ['guardian', 'rights', 'protection', 'erase']

/** One act upon a card. Its address can be come back to. */
export default function ChangePage() {
  const { t } = useLingui()
  const { personId, act } = route.useParams()
  const { guardian } = route.useSearch()
  const { data, error, again } = useRead(cardQuery(personId, undefined, undefined, RIGHTS.includes(act)))
  const titles: Readonly<Record<string, string>> = {
    name: t`氏名を直す`,
    basics: t`生年月日・性別を直す`,
    seat: t`学級・番号を直す`,
    contact: t`連絡先を直す`,
    guardian: t`保護者を加える`,
    rights: t`保護者を直す`,
    protection: t`支援措置`,
    erase: t`記録を消す`,
  }
  const title = titles[act] ?? t`カードを直す`
  useScreen(data ? `${title} ${fullName(data.person)}` : title)
  return (
    <div className={panel.screen}>
      <Place title={title} of={data ? [fullName(data.person)] : []} />
      {data ? (
        <div className={styles.page}>
          <FormOf card={data} act={act} guardian={guardian} />
        </div>
      ) : error ? (
        <CannotRead error={error} what={t`カード`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function FormOf({ card, act, guardian }: { readonly card: Card; readonly act: string; readonly guardian: string | undefined }): ReactNode {
  const { change, family, protection, contact, erase } = card.may
  if (act === 'name' && change) return <NameForm card={card} />
  if (act === 'basics' && change) return <BasicsForm card={card} />
  if (act === 'seat' && family) return <SeatForm card={card} />
  if (act === 'contact' && contact) return <ContactForm card={card} />
  if (act === 'guardian' && family) return <GuardianForm card={card} />
  if (act === 'protection' && protection) return <ProtectionForm card={card} />
  if (act === 'erase' && erase) return <EraseForm card={card} />
  if (act === 'rights' && family) {
    const tie = card.guardians?.find(({ person }) => person.id === guardian)
    if (tie) return <RightsForm card={card} tie={tie} />
    return (
      <Empty title={<Trans>この記録は、もう変わっています</Trans>}>
        <Trans>カードに戻って、いまの保護者から選び直してください。</Trans>
      </Empty>
    )
  }
  return <NoRight />
}
