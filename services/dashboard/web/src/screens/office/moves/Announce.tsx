import { t } from '@lingui/core/macro'
import { Plural, Trans } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState, type KeyboardEvent } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { typedSoFar } from '~/app/typed'
import { addDays, workDay } from '~/dates/dates'
import { holdImeEnter, isEnter, isImeKey } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Choose } from '~/parts/Field'
import { fullName } from '~/parts/Name'
import { PersonLine } from '~/parts/PersonLine'
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

/** 転出を届ける: one act for both schools, brothers and sisters with it. */
export default function AnnouncePage() {
  const [pupil, setPupil] = useState<string | null>(null)
  const options = useQuery({ ...optionsQuery(pupil ?? ''), enabled: pupil !== null })
  useScreen(t`転出を届ける`)
  return (
    <div className={panel.screen}>
      <Place title={t`転出を届ける`} />
      {pupil === null || !options.data ? <Whom onChoose={setPupil} /> : <Announce key={pupil} options={options.data} onBack={() => setPupil(null)} />}
    </div>
  )
}

function Whom({ onChoose }: { readonly onChoose: (pupil: string) => void }) {
  const [words, setWords] = useState('')
  const asked = typedSoFar(words)
  const found = useQuery(pupilsQuery(asked))

  const id = useId()
  const [at, setAt] = useState(0)
  const pupils = found.data ?? []
  const chosen = Math.min(at, pupils.length - 1)

  /** As in さがす: ↑↓ choose, Enter takes. */
  function press(event: KeyboardEvent) {
    holdImeEnter(event.nativeEvent)
    if (isImeKey(event.nativeEvent)) return
    const one = pupils[chosen]
    if (isEnter(event.nativeEvent)) {
      if (one) onChoose(one.pupil.id)
    } else if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, pupils.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
    else return
    event.preventDefault()
  }

  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, chosen])

  return (
    <div className={styles.form}>
      <label className={styles.field}>
        <span>
          <Trans>だれが転出しますか（氏名・よみ・学級と番号）</Trans>
        </span>
        <input
          className={styles.input}
          type="search"
          autoFocus
          autoComplete="off"
          role="combobox"
          aria-expanded={pupils.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={pupils.length > 0 ? `${id}-${chosen}` : undefined}
          aria-describedby={`${id}-hint`}
          value={words}
          onChange={(event) => {
            setWords(event.target.value)
            setAt(0)
          }}
          onKeyDown={press}
        />
      </label>
      <p id={`${id}-hint`} className={panel.aside}>
        <Trans>「2-1 12」は2年1組12番。↑↓で選び、Enterで決めます。</Trans>
      </p>
      {pupils.length > 0 && (
        <ul id={`${id}-list`} role="listbox" aria-label={t`見つかった子`} className={styles.found}>
          {pupils.map((one, i) => (
            <li key={one.pupil.id} id={`${id}-${i}`} role="option" aria-selected={i === chosen} onPointerMove={() => setAt(i)} onClick={() => onChoose(one.pupil.id)}>
              <PersonLine found={lineOf(one)} />
            </li>
          ))}
        </ul>
      )}
      {found.data?.length === 0 && (
        <p role="status">
          <Trans>「{words}」に当たる子はいません。ほかの書き方でさがしてください。</Trans>
        </p>
      )}
    </div>
  )
}

function lineOf({ pupil, school, class_name, number, grade, grade_word }: Found) {
  const of = { id: '', name: class_name || grade_word }
  return { person: pupil, hat: 'pupil', school, school_class: of, number, grade, birth_month: null, mine: false, of: null } as const
}

function who({ school, class_name, grade_word, number }: Found): string {
  return [school.name, class_name || grade_word, number !== null && t`${number}番`].filter(Boolean).join(' ')
}

function Announce({ options, onBack }: { readonly options: Options; readonly onBack: () => void }) {
  const me = useMe()
  const { announce, error } = useAnnounce(movesPath)
  const [kind, setKind] = useState<string | null>(null)
  const [left, accepted] = [useDay(me.today), useDay(null)]
  const [to, setTo] = useState('')
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
