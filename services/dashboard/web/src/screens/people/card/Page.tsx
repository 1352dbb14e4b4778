import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi } from '@tanstack/react-router'
import { cardQuery, type Card } from '~/api/people'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { eraDay, workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { fullName, kanaOf } from '~/parts/Name'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { Saved } from '../Saved'
import '../words'
import { Basics, Belonging, Children, Duties, Family, Reached } from './blocks'
import { History } from './History'
import styles from './Page.module.css'

const route = getRouteApi('/inside/people/$personId')

/** カード: who somebody is, where they belong, who belongs to them, and how that came to be known. */
export default function CardPage() {
  const { t } = useLingui()
  const me = useMe()
  const { personId } = route.useParams()
  const { on, known } = route.useSearch()
  const navigate = route.useNavigate()
  const { data, error, again } = useRead(cardQuery(personId, on, known))
  const name = data ? fullName(data.person) : ''
  const now = on === undefined && known === undefined
  useScreen(data ? t`${name} のカード` : t`カード`)
  return (
    <div className={panel.screen}>
      <Place title={t`カード`} of={data ? [name] : []} />
      {data ? (
        <>
          {!now && (
            <Strip
              kind="look"
              live
              action={
                <Button onPress={() => void navigate({ search: {} })}>
                  <Trans>いまに戻す</Trans>
                </Button>
              }
            >
              <Past on={on ?? me.today} known={known} />
            </Strip>
          )}
          {now && <Saved key={personId} of={personId} title={<Trans>保存しました</Trans>} />}
          <Head card={data} on={on ?? me.today} />
          {now && <Acts card={data} />}
          {now && data.merged.map((one) => <Merged key={one.question} question={one.question} name={one.name} />)}
          <div className={panel.two}>
            <div className={styles.column}>
              <Basics card={data} />
              {data.pupil && <Belonging pupil={data.pupil} />}
              {(data.contact ?? data.contact_next ?? (now && data.may.contact)) && <Reached contact={data.contact} next={data.contact_next} />}
              {data.duties && <Duties duties={data.duties} />}
              {data.guardians && <Family guardians={data.guardians} protection={data.protection} acts={now && data.may.family ? (tie) => <ChangeTie person={personId} guardian={tie.person.id} /> : undefined} />}
              {data.children && <Children ties={data.children} />}
            </div>
            {data.history && <History entries={data.history} on={on} known={known} onAsk={(search) => void navigate({ search })} />}
          </div>
        </>
      ) : error ? (
        <CannotRead error={error} what={t`カード`} onRetry={again} />
      ) : (
        <LoadingRows rows={10} />
      )}
    </div>
  )
}

/** Another card of the same child was merged into this one; the way to take that back. */
function Merged({ question, name }: { readonly question: string; readonly name: string }) {
  return (
    <Strip
      kind="plain"
      action={
        <LinkButton size="small" to="/imports/same-people/$questionId" params={{ questionId: question }}>
          <Trans>くらべる・元に戻す</Trans>
        </LinkButton>
      }
    >
      <Trans>{name} さんのもう一つのカードを、このカードにまとめてあります。</Trans>
    </Strip>
  )
}

function ChangeTie({ person, guardian }: { readonly person: string; readonly guardian: string }) {
  return (
    <LinkButton size="small" to="/people/$personId/change/$act" params={{ personId: person, act: 'rights' }} search={{ guardian }}>
      <Trans>直す</Trans>
    </LinkButton>
  )
}

/** What this reader may do with the card as it now is. */
function Acts({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const pupil = card.hats.includes('pupil')
  const acts = [
    { act: 'name', word: t`氏名を直す`, may: card.may.change },
    { act: 'basics', word: t`生年月日・性別を直す`, may: card.may.change },
    { act: 'seat', word: t`学級・番号を直す`, may: pupil && card.may.family },
    { act: 'contact', word: t`連絡先を直す`, may: card.may.contact },
    { act: 'guardian', word: t`保護者を加える`, may: pupil && card.may.family },
    { act: 'protection', word: t`支援措置`, may: pupil && card.may.protection },
    { act: 'erase', word: t`記録を消す`, may: card.may.erase },
  ].filter(({ may }) => may)
  if (acts.length === 0 && !card.may.same) return null
  return (
    <nav className={styles.acts} aria-label={t`カードを直す`}>
      {acts.map(({ act, word }) => (
        <LinkButton key={act} size="small" to="/people/$personId/change/$act" params={{ personId: card.person.id, act }}>
          {word}
        </LinkButton>
      ))}
      {card.may.same && (
        <LinkButton size="small" to="/imports/same-people/ask" search={{ card: card.person.id }}>
          {t`もう一つのカードとくらべる`}
        </LinkButton>
      )}
    </nav>
  )
}

function Past({ on, known }: { readonly on: string; readonly known: string | undefined }) {
  const day = workDay(on)
  if (known === undefined) return <Trans>{day} の内容です。いま分かっていることで表示しています。</Trans>
  const then = workDay(known)
  return (
    <Trans>
      {day} の内容を、{then} に分かっていたとおりに表示しています。
    </Trans>
  )
}

function Head({ card, on }: { readonly card: Card; readonly on: string }) {
  const home = card.pupil?.home
  const day = eraDay(on)
  return (
    <header className={styles.head}>
      <div>
        <p className={styles.kana}>{kanaOf(card.person)}</p>
        <p className={styles.name}>{fullName(card.person)}</p>
      </div>
      {home && (
        <p className={styles.seat}>
          {home.school_class.name}
          {home.number !== null && (
            <>
              {' '}
              <Trans>{home.number}番</Trans>
            </>
          )}
        </p>
      )}
      {card.protected && (
        <p className={styles.protected}>
          <Trans>支援措置: 居場所を知らせてはいけない相手がいます</Trans>
        </p>
      )}
      <p className={styles.logged}>
        <Trans>閲覧は記録されます</Trans>
      </p>
      <p className={styles.printed}>
        <Trans>{day} 現在</Trans>
      </p>
      <span className={styles.acts}>
        <Button size="small" onPress={() => print()}>
          <Trans>印刷</Trans>
        </Button>
      </span>
    </header>
  )
}
