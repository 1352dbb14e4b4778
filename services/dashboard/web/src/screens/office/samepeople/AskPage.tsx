import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { cardQuery, peopleQuery } from '~/api/people'
import { Problem } from '~/api/problem'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { typedSoFar } from '~/app/typed'
import { Button } from '~/parts/Button'
import { FindChild } from '~/parts/FindChild'
import { LinkButton } from '~/parts/LinkButton'
import { fullName, kanaOf } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import panel from '~/parts/Panel.module.css'
import '../words'
import { askPath, KEY } from './data'
import styles from './Page.module.css'

const route = getRouteApi('/inside/imports/same-people/ask')

/** Two cards that nothing points at: somebody takes them for one child's, and the question is raised by hand. */
export default function AskPage() {
  const { t } = useLingui()
  const me = useMe()
  const { card } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand<{ readonly question: string }>(me.person.id)
  const [one, setOne] = useState(card ?? null)
  const [other, setOther] = useState<string | null>(null)
  const [note, setNote] = useState('')
  useScreen(t`カードをくらべる`)
  const missing = one === null || other === null ? t`くらべるカードを二つともえらんでください` : null
  const asked = error instanceof Problem && error.body.type.endsWith('/already-asked') ? error.body.errors[0]?.cell : undefined

  async function ask() {
    if (missing !== null || sending) return
    const done = await send(askPath, { one, other, note: note.trim() })
    if (done === null) return
    await queries.invalidateQueries({ queryKey: [KEY] })
    await navigate({ to: '/imports/same-people/$questionId', params: { questionId: done.question } })
  }

  return (
    <div className={panel.screen}>
      <Place title={t`カードをくらべる`} of={[t`名寄せの確認`]} />
      <p className={styles.intro}>
        <Trans>同じ子のカードが二つあると思うときに、名寄せの一覧に入れます。ここでは、まだまとめません。保護者と職員のカードは入れられません。</Trans>
      </p>
      <form
        className={styles.answer}
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <Pick key={`one ${one}`} label={<Trans>一つめのカード</Trans>} value={one} first onChange={(id) => {
          setOne(id)
          forget()
        }} />
        <Pick key={`other ${other}`} label={<Trans>もう一つのカード</Trans>} value={other} first={one !== null} onChange={(id) => {
          setOther(id)
          forget()
        }} />
        <TextLine label={t`同じ子だと思うわけ`} value={note} onChange={setNote} max={200} />
        {asked === undefined ? (
          <Refused error={error} />
        ) : (
          <Strip
            kind="look"
            live
            action={
              <LinkButton size="small" to="/imports/same-people/$questionId" params={{ questionId: asked }}>
                <Trans>その問いを開く</Trans>
              </LinkButton>
            }
          >
            {error instanceof Problem && error.body.detail}
          </Strip>
        )}
        <div className={styles.buttons}>
          <Button look="filled" type="submit" off={missing ?? undefined}>
            <Trans>名寄せの一覧に入れて、くらべる</Trans>
          </Button>
          {card !== undefined && (
            <LinkButton to="/people/$personId" params={{ personId: card }}>
              <Trans>カードにもどる</Trans>
            </LinkButton>
          )}
          <LinkButton to="/imports/same-people">
            <Trans>名寄せの一覧を見る</Trans>
          </LinkButton>
        </div>
      </form>
    </div>
  )
}

interface PickProps {
  readonly label: ReactNode
  readonly value: string | null
  readonly onChange: (child: string | null) => void
  readonly first?: boolean
}

/** A card that is found by search, or was chosen. */
function Pick({ label, value, onChange, first = false }: PickProps) {
  const [words, setWords] = useState('')
  const typed = typedSoFar(words)
  const found = useQuery({ ...peopleQuery({ q: typed, hat: 'pupil' }), enabled: value === null && typed !== '' })
  if (value === null) return <FindChild label={label} words={words} onWords={setWords} found={typed === '' ? undefined : found.data?.people} onChoose={onChange} first={first} />
  return <Chosen label={label} value={value} onBack={() => onChange(null)} />
}

function Chosen({ label, value, onBack }: { readonly label: ReactNode; readonly value: string; readonly onBack: () => void }) {
  const { data } = useQuery(cardQuery(value))
  const home = data?.pupil?.home
  return (
    <div className={styles.chosen}>
      <span className={styles.where}>{label}</span>
      <strong>{data ? fullName(data.person) : '…'}</strong>
      {data && (
        <span className={styles.where}>
          {[kanaOf(data.person), data.pupil?.enrolment?.school.name, home?.school_class.name].filter(Boolean).join(' ')}
        </span>
      )}
      <Button size="small" onPress={onBack}>
        <Trans>えらびなおす</Trans>
      </Button>
    </div>
  )
}
