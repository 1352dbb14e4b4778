import { t } from '@lingui/core/macro'
import { Plural, Trans } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import type { MoveSearch } from '~/app/routes'
import { useScreen } from '~/app/screen'
import { typedSoFar } from '~/app/typed'
import { addDays, workDay } from '~/dates/dates'
import { readDay } from '~/dates/read'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Choose } from '~/parts/Field'
import { FindChild } from '~/parts/FindChild'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import '../words'
import { movesPath, optionsQuery, pupilsQuery, type Found, type Options } from './data'
import { MoveForm, useAnnounce } from './MoveForm'
import { Reason } from './Reason'
import { transferredOn } from './rules'
import styles from './Page.module.css'

const route = getRouteApi('/inside/moves/new')

/** 転出を届ける: one act for both schools, brothers and sisters with it. */
export default function AnnouncePage() {
  const known = route.useSearch()
  const [pupil, setPupil] = useState<string | null>(known.pupil ?? null)
  const options = useQuery({ ...optionsQuery(pupil ?? ''), enabled: pupil !== null })
  useScreen(t`転出を届ける`)
  return (
    <div className={panel.screen}>
      <Place title={t`転出を届ける`} />
      {pupil === null || !options.data ? <Whom onChoose={setPupil} /> : <Announce key={pupil} options={options.data} known={pupil === known.pupil ? known : {}} onBack={() => setPupil(null)} />}
    </div>
  )
}

function Whom({ onChoose }: { readonly onChoose: (pupil: string) => void }) {
  const [words, setWords] = useState('')
  const asked = typedSoFar(words)
  const found = useQuery(pupilsQuery(asked))
  return (
    <FindChild
      label={<Trans>だれが転出しますか（氏名・よみ・学級と番号）</Trans>}
      words={words}
      onWords={setWords}
      found={found.data?.map(lineOf)}
      onChoose={onChoose}
      first
    />
  )
}

function lineOf({ pupil, school, class_name, number, grade, grade_word }: Found) {
  const of = { id: '', name: class_name || grade_word }
  return { person: pupil, hat: 'pupil', school, school_class: of, number, grade, birth_month: null, mine: false, of: null } as const
}

function who({ school, class_name, grade_word, number }: Found): string {
  return [school.name, class_name || grade_word, number !== null && t`${number}番`].filter(Boolean).join(' ')
}

interface AnnounceProps {
  readonly options: Options
  /** What was said of it already, where one came from. */
  readonly known: MoveSearch
  readonly onBack: () => void
}

function Announce({ options, known, onBack }: AnnounceProps) {
  const me = useMe()
  const { announce, error } = useAnnounce(movesPath)
  const [kind, setKind] = useState<string | null>(known.to === undefined ? null : 'within')
  const [left, accepted] = [useDay(me.today), useDay(known.on === undefined ? null : readDay(known.on, me.today))]
  const [to, setTo] = useState(known.to ?? '')
  const [name, setName] = useState('')
  const [reason, setReason] = useState<string | null>('moved_house')
  const [along, setAlong] = useState<readonly string[]>([])
  const { chosen, siblings } = options
  const within = kind === 'within'
  const missing = [
    kind === null && t`市内か市外かをえらんでください`,
    within && to === '' && t`受け入れる学校をえらんでください`,
    kind === 'leaving' && name.trim() === '' && t`転出先の学校の名前を書いてください`,
    dayMissing(t`最後に登校する日`, left, true),
    dayMissing(t`受け入れる日`, accepted, within),
    reason === null && t`わけをえらんでください`,
  ]
  const transferred = transferredOn(accepted.day)

  function send() {
    void announce({
      kind,
      left_on: left.day,
      accepted_on: accepted.day,
      reason,
      elsewhere: within ? null : { name: name.trim() },
      movers: [chosen.pupil.id, ...along].map((pupil) => ({ pupil, to_school: within ? to : null })),
    })
  }

  return (
    <MoveForm
      missing={missing}
      onSend={send}
      act={
        <Button look="filled" type="submit">
          <Plural value={along.length + 1} one="転出を届ける" other="#人の転出を届ける" />
        </Button>
      }
      refused={<Refused error={error} />}
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
        required
        value={kind}
        onChange={setKind}
        tiles={[
          { value: 'within', content: <Trans>市内の学校へ</Trans> },
          { value: 'leaving', content: <Trans>市外の学校へ</Trans> },
        ]}
      />
      {within && (
        <Choose
          label={t`受け入れる学校`}
          required
          value={to}
          onChange={setTo}
          options={[{ value: '', word: t`えらんでください` }, ...options.schools.filter(({ id }) => id !== chosen.school.id).map((school) => ({ value: school.id, word: school.name }))]}
        />
      )}
      {kind === 'leaving' && <TextLine label={t`転出先の学校`} value={name} onChange={setName} max={100} required />}
      <div className={styles.two}>
        <DayField label={t`最後に登校する日`} required {...left.field} today={me.today} />
        <DayField label={t`受け入れる日`} required={within} {...accepted.field} today={me.today} {...(within ? {} : { empty: t`連絡が来たら入れます` })} />
      </div>
      <p className={styles.computed} role="status">
        {transferred !== null && left.day !== null ? (
          <Trans>
            転学日は{workDay(transferred)}です（受け入れる日の前の日）。出席簿は{workDay(left.day)}までです。
          </Trans>
        ) : left.day !== null ? (
          <Trans>出席簿は{workDay(left.day)}までです。転学日は、受け入れる日が分かると決まります。</Trans>
        ) : (
          <Trans>転学日は、受け入れる日の前の日です。</Trans>
        )}
      </p>
      {left.day !== null && left.day < addDays(me.today, -30) && (
        <p className={panel.aside}>
          <Trans>ひと月より前の日です。日付を確かめてください。</Trans>
        </p>
      )}
      <Reason value={reason} onChange={setReason} />
    </MoveForm>
  )
}
