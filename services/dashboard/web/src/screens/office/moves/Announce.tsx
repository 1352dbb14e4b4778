import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { addDays, workDay, type Day } from '~/dates/dates'
import { holdImeEnter } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { DayField } from '~/parts/DayField'
import { LinkButton } from '~/parts/LinkButton'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import '../words'
import { KEY, movesPath, optionsQuery, pupilsQuery, type Found, type Move, type Options } from './data'
import { Reason } from './Reason'
import { transferredOn } from './rules'
import styles from './Page.module.css'

/** 転出を届ける: one act for both schools, brothers and sisters with it. */
export default function AnnouncePage() {
  const { t } = useLingui()
  const [pupil, setPupil] = useState<string | null>(null)
  const options = useQuery({ ...optionsQuery(pupil ?? ''), enabled: pupil !== null })
  useScreen(t`転出を届ける`)
  return (
    <div className={panel.screen}>
      <Place title={t`転出を届ける`} />
      {pupil === null || !options.data ? <Choose onChoose={setPupil} /> : <Announce key={pupil} options={options.data} onBack={() => setPupil(null)} />}
    </div>
  )
}

function Choose({ onChoose }: { readonly onChoose: (pupil: string) => void }) {
  const [words, setWords] = useState('')
  const found = useQuery(pupilsQuery(words.trim()))
  return (
    <div className={styles.form}>
      <label className={styles.field}>
        <span>
          <Trans>だれが転出しますか（氏名かよみ）</Trans>
        </span>
        <input className={styles.input} type="search" autoFocus autoComplete="off" value={words} onChange={(event) => setWords(event.target.value)} onKeyDown={(event) => holdImeEnter(event.nativeEvent)} />
      </label>
      {found.data && found.data.length > 0 && (
        <div className={styles.found}>
          {found.data.map((one) => (
            <Button key={one.pupil.id} look="text" onPress={() => onChoose(one.pupil.id)}>
              {fullName(one.pupil)} <span className={panel.aside}>{who(one)}</span>
            </Button>
          ))}
        </div>
      )}
      {found.data?.length === 0 && (
        <p role="status">
          <Trans>「{words}」に当たる子はいません。ほかの書き方でさがしてください。</Trans>
        </p>
      )}
    </div>
  )
}

function who(one: Found): string {
  return [one.school.name, one.class_name || one.grade_word].join(' ')
}

function Announce({ options, onBack }: { readonly options: Options; readonly onBack: () => void }) {
  const { t } = useLingui()
  const me = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<{ readonly moves: readonly Move[] }>(me.person.id)
  const [kind, setKind] = useState<string | null>(null)
  const [left, setLeft] = useState<Day | null>(me.today)
  const [accepted, setAccepted] = useState<Day | null>(null)
  const [to, setTo] = useState('')
  const [name, setName] = useState('')
  const [reason, setReason] = useState<string | null>('moved_house')
  const [along, setAlong] = useState<readonly string[]>([])
  const [tried, setTried] = useState(false)
  const { chosen, siblings } = options
  const within = kind === 'within'
  const missing = [
    kind === null && t`市内か市外かをえらんでください`,
    left === null && t`最後に登校する日を書いてください`,
    within && to === '' && t`受け入れる学校をえらんでください`,
    within && accepted === null && t`受け入れる日を書いてください`,
    kind === 'leaving' && name.trim() === '' && t`転出先の学校の名前を書いてください`,
    reason === null && t`わけをえらんでください`,
  ].filter((each) => each !== false)
  const transferred = transferredOn(accepted)

  async function announce() {
    setTried(true)
    if (missing.length || sending) return
    const pupils = [chosen.pupil.id, ...along]
    const body = {
      kind,
      left_on: left,
      accepted_on: accepted,
      reason,
      elsewhere: within ? null : { name: name.trim() },
      movers: pupils.map((pupil) => ({ pupil, to_school: within ? to : null })),
    }
    const answer = await send(movesPath, body)
    const first = answer?.moves[0]
    if (!first) return
    await queries.invalidateQueries({ queryKey: [KEY] })
    await navigate({ to: '/moves/$moveId', params: { moveId: first.id } })
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void announce()
      }}
    >
      <p className={styles.computed}>
        <strong>{fullName(chosen.pupil)}</strong> {who(chosen)}{' '}
        <Button look="text" size="small" onPress={onBack}>
          <Trans>べつの子にする</Trans>
        </Button>
      </p>
      {siblings.map((one) => (
        <label key={one.pupil.id} className={styles.choice}>
          <input type="checkbox" checked={along.includes(one.pupil.id)} onChange={(event) => setAlong(event.target.checked ? [...along, one.pupil.id] : along.filter((id) => id !== one.pupil.id))} />
          <span>
            <Trans>
              きょうだいの {fullName(one.pupil)} さん（{who(one)}）もいっしょに
            </Trans>
          </span>
        </label>
      ))}
      {options.siblings_at.length > 0 && (
        <p className={panel.aside}>
          <Trans>{options.siblings_at.join('・')}にもきょうだいがいます。その学校の事務か学務課が届けます。</Trans>
        </p>
      )}
      <Tiles
        label={t`どこへ`}
        value={kind}
        onChange={setKind}
        tiles={[
          { value: 'within', content: <Trans>市内の学校へ</Trans> },
          { value: 'leaving', content: <Trans>市外の学校へ</Trans> },
        ]}
      />
      {within && (
        <label className={styles.field}>
          <span>
            <Trans>受け入れる学校</Trans>
          </span>
          <select className={styles.input} value={to} onChange={(event) => setTo(event.target.value)}>
            <option value="">{t`えらんでください`}</option>
            {options.schools
              .filter(({ id }) => id !== chosen.school.id)
              .map((school) => (
                <option key={school.id} value={school.id}>
                  {school.name}
                </option>
              ))}
          </select>
        </label>
      )}
      {kind === 'leaving' && <TextLine label={t`転出先の学校`} value={name} onChange={setName} max={100} required />}
      <div className={styles.two}>
        <DayField label={t`最後に登校する日`} required value={left} onChange={setLeft} today={me.today} />
        <DayField label={t`受け入れる日`} required={within} value={accepted} onChange={setAccepted} today={me.today} {...(within ? {} : { empty: t`連絡が来たら入れます` })} />
      </div>
      <p className={styles.computed} role="status">
        {transferred !== null && left !== null ? (
          <Trans>
            転学日は{workDay(transferred)}です（受け入れる日の前の日）。出席簿は{workDay(left)}までです。
          </Trans>
        ) : left !== null ? (
          <Trans>出席簿は{workDay(left)}までです。転学日は、受け入れる日が分かると決まります。</Trans>
        ) : (
          <Trans>転学日は、受け入れる日の前の日です。</Trans>
        )}
      </p>
      <Reason value={reason} onChange={setReason} />
      {tried && missing.length > 0 && (
        <p className={panel.wait} role="alert">
          {missing.join(t`、`)}
        </p>
      )}
      <Refused error={error} />
      <div className={styles.buttons}>
        <Button look="filled" type="submit">
          <Plural value={along.length + 1} one="転出を届ける" other="#人の転出を届ける" />
        </Button>
        <LinkButton to="/moves">
          <Trans>やめる</Trans>
        </LinkButton>
      </div>
      {left !== null && left < addDays(me.today, -30) && (
        <p className={panel.aside}>
          <Trans>ひと月より前の日です。日付を確かめてください。</Trans>
        </p>
      )}
    </form>
  )
}
