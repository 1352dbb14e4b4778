import '../words'
import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { addDays, type Day } from '~/dates/dates'
import { Ruby } from '~/languages/Ruby'
import { outbox } from '~/outbox/useOutbox'
import { LinkButton } from '~/parts/LinkButton'
import { PlainButton as Button } from '~/parts/PlainButton'
import { Empty, LoadingRows } from '~/parts/States'
import { changePath, familyQuery, HOME, TELL_PATH, type Family, type Notice } from '../data'
import { useDays } from '../days'
import { Title } from '../frame/Title'
import { blank, daysOf, formOf, tellingOf, TILES, type Form, type TileId, type When } from '../rules'
import { daysWord, saidWord } from '../said'
import { TileWords } from '../SaidWords'
import { Trouble } from '../Trouble'
import styles from './Page.module.css'

const route = getRouteApi('/inside/family/tell')
const MAX_WORDS = 200

/** 欠席・遅刻: one screen, today chosen, one tap on what it is, one to send. */
export default function TellPage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(familyQuery)
  const { notice: id } = route.useSearch()
  const found = data && id !== undefined ? findNotice(data, id) : undefined
  useScreen(t`欠席・遅刻の連絡`)
  return (
    <>
      <Title>{id === undefined ? <Trans>欠席・遅刻の連絡</Trans> : <Trans>連絡を変える</Trans>}</Title>
      {!data ? (
        error ? (
          <Trouble error={error} onRetry={again} />
        ) : (
          <LoadingRows rows={8} />
        )
      ) : (id !== undefined && !found) || !data.children.some(({ may_tell }) => may_tell) ? (
        <Gone />
      ) : (
        <Telling key={id} family={data} {...(found ?? {})} />
      )}
    </>
  )
}

function findNotice(family: Family, id: string): { readonly notice: Notice; readonly pupil: string } | undefined {
  for (const { pupil, notices } of family.children)
    for (const notice of notices) if (notice.notice === id && notice.may_change) return { notice, pupil: pupil.id }
  return undefined
}

function Gone() {
  return (
    <Empty
      page
      title={<Trans>この連絡はここからは変えられません</Trans>}
      action={
        <div>
          <LinkButton look="filled" to="/family">
            <Trans>ホームへ</Trans>
          </LinkButton>
        </div>
      }
    >
      <Trans>変えたいことがあるときは、学校に伝えてください。</Trans>
    </Empty>
  )
}

interface TellingProps {
  readonly family: Family
  /** The own notice that is changed, and whose it is. */
  readonly notice?: Notice
  readonly pupil?: string
}

function Telling({ family, notice, pupil }: TellingProps) {
  const { t } = useLingui()
  const navigate = useNavigate()
  const { day, plainDay } = useDays()
  const { today } = family
  const [form, setForm] = useState<Form>(() => (notice && pupil !== undefined ? formOf(notice, pupil, today) : blank(family)))
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const wrong = useRef<HTMLDivElement>(null)
  const set = (change: Partial<Form>) => setForm({ ...form, ...change })
  const may = family.children.filter(({ may_tell }) => may_tell)
  const whose = family.children.find((child) => child.pupil.id === pupil)?.pupil
  const telling = tellingOf(form, today)
  const [first, last] = daysOf(form, today)
  const missing = [
    form.pupils.length === 0 && <Trans key="who">どのお子さんの連絡か、えらんでください</Trans>,
    form.tile === null && <Trans key="what">どうするか、えらんでください</Trans>,
    (first === '' || last === '' || last < first) && <Trans key="when">日にちを確かめてください</Trans>,
    form.tile === 'other' && form.words.trim() === '' && <Trans key="words">つたえたいことを書いてください</Trans>,
  ].filter((each) => each !== false)
  useEffect(() => {
    if (tried) wrong.current?.scrollIntoView({ block: 'center' })
  }, [tried])

  async function send() {
    setTried(true)
    if (missing.length > 0 || !telling || sending) return
    setSending(true)
    const label = `${saidWord(telling)} ${daysWord(telling, today, plainDay)}`
    const draft = notice
      ? { path: changePath(notice.notice), body: { ...telling, seen: notice.revision } }
      : { path: TELL_PATH, body: { ...telling, pupils: form.pupils } }
    // In the device's store before the page goes: nothing that was sent is only in memory.
    await outbox.add({ kind: 'told', ...draft, label, screen: HOME })
    void navigate({ to: '/family' })
  }

  return (
    <form
      className={styles.page}
      noValidate
      aria-label={t`連絡の内容`}
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      {/* Whose notice is changed: with two children away it is easily the other one's. */}
      {notice && whose && (
        <p className={styles.whose}>
          <Trans>{whose.given || whose.family}さん</Trans>
        </p>
      )}
      {!notice && may.length > 1 && (
        <fieldset className={styles.set}>
          <legend>
            <Trans>どのお子さんですか</Trans>
          </legend>
          <div className={styles.tiles}>
            {may.map(({ pupil: child }) => (
              <label key={child.id} className={styles.tile}>
                <input
                  type="checkbox"
                  checked={form.pupils.includes(child.id)}
                  onChange={({ target }) => set({ pupils: target.checked ? [...form.pupils, child.id] : form.pupils.filter((each) => each !== child.id) })}
                />
                <Trans>{child.given || child.family}さん</Trans>
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <Choice
        legend={<Trans>いつですか</Trans>}
        name="when"
        three
        value={form.when}
        options={[
          { value: 'today', word: <Trans>きょう</Trans> },
          { value: 'tomorrow', word: <Trans>あした</Trans> },
          { value: 'other', word: <Trans>ほかの日</Trans> },
        ]}
        onChoose={(when) => set({ when: when as When })}
      />
      {form.when === 'other' ? (
        <div className={styles.days}>
          <DayInput label={<Trans>はじめの日</Trans>} value={form.first} from={today} onChange={(day) => set({ first: day, last: form.last < day ? day : form.last })} />
          <DayInput label={<Trans>おわりの日</Trans>} value={form.last} from={form.first === '' ? today : form.first} onChange={(day) => set({ last: day })} />
        </div>
      ) : (
        <p>
          <Ruby>{day(form.when === 'today' ? today : addDays(today, 1))}</Ruby>
        </p>
      )}
      <Choice
        legend={<Trans>どうしますか</Trans>}
        name="tile"
        value={form.tile}
        options={TILES.map(({ value }) => ({ value, word: <TileWords tile={value} /> }))}
        onChoose={(tile) => set({ tile: tile as TileId })}
      />
      <label className={styles.text}>
        <span>
          <Trans>学校につたえたいこと</Trans> {form.tile === 'other' ? <Trans>（書いてください）</Trans> : <Trans>（なくても送れます）</Trans>}
        </span>
        <textarea ref={(area) => fit(area)} rows={2} autoComplete="off" maxLength={MAX_WORDS} value={form.words} onChange={({ target }) => set({ words: target.value })} />
      </label>
      {tried && missing.length > 0 && (
        <div ref={wrong} role="alert" className={styles.missing}>
          <ul>
            {missing.map((each) => (
              <li key={each.key}>{each}</li>
            ))}
          </ul>
        </div>
      )}
      <div className={styles.send}>
        <Button look="filled" size="large" type="submit">
          {notice ? <Trans>変えて送る</Trans> : <Trans>学校に送る</Trans>}
        </Button>
        <LinkButton to="/family">
          <Trans>やめる</Trans>
        </LinkButton>
      </div>
    </form>
  )
}

/** As high as what is written: on a telephone one line hides the beginning. Looked at after every letter. */
function fit(area: HTMLTextAreaElement | null) {
  if (!area) return
  area.style.height = 'auto'
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`
}

interface ChoiceProps {
  readonly legend: ReactNode
  readonly name: string
  readonly three?: boolean
  readonly value: string | null
  readonly options: readonly { readonly value: string; readonly word: ReactNode }[]
  readonly onChoose: (value: string) => void
}

/** One of a few, as tiles for a thumb. The browser's own radio buttons: this page is light enough for an old telephone. */
function Choice({ legend, name, three = false, value, options, onChoose }: ChoiceProps) {
  return (
    <fieldset className={styles.set}>
      <legend>{legend}</legend>
      <div className={styles.tiles} data-three={three ? '' : undefined}>
        {options.map((option) => (
          <label key={option.value} className={styles.tile}>
            <input type="radio" name={name} value={option.value} checked={value === option.value} onChange={() => onChoose(option.value)} />
            {option.word}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface DayInputProps {
  readonly label: ReactNode
  readonly value: Day
  readonly from: Day
  readonly onChange: (day: Day) => void
}

/** The telephone's own calendar. */
function DayInput({ label, value, from, onChange }: DayInputProps) {
  return (
    <label className={styles.day}>
      {label}
      <input type="date" value={value} min={from} onChange={({ target }) => onChange(target.value)} />
    </label>
  )
}
