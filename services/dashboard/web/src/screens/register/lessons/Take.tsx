import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useMe } from '~/app/me'
import { Unsaved } from '~/app/Unsaved'
import { useCommand } from '~/api/useCommand'
import { timeOf } from '~/dates/dates'
import { isEnter, isImeKey, letterOf } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { Choose } from '~/parts/Field'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import { addressOf, lessonsPath, type Child, type Lesson, type LessonCode, type LessonDay } from './data'
import { changed, codeOf, CODES, counted, isTaken, kept, KEYS, needsReason, own, toSend, undecided, type Chosen } from './rules'
import { CODE_WORDS } from './words'
import styles from './Page.module.css'

const OTHER = 'other'
const REASON_MAX = 100

interface Saved {
  readonly refused: readonly { readonly pupil: string }[]
}

/** One lesson's roll: who is not here. What the day lets one expect stands there; nothing is saved before 確定. */
export function Take({ day, lesson, onDone }: { readonly day: LessonDay; readonly lesson: Lesson; readonly onDone: () => void }) {
  const { t, i18n } = useLingui()
  const { period } = lesson
  const router = useRouter()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<Saved>(useMe().person.id)
  const [chosen, setChosen] = useState<Chosen>({})
  const [subject, setSubject] = useState(lesson.subject ?? '')
  const [reason, setReason] = useState<string | null>(null)
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const [moved, setMoved] = useState<readonly string[]>([])
  const [done, setDone] = useState(false)
  const list = useRef<HTMLUListElement>(null)
  const taken = isTaken(day, period)
  const missing = undecided(day, period, chosen)
  const others = changed(day, period, chosen)
  const why = needsReason(day, period, chosen)
  const unexplained = why && (reason === null || (reason === OTHER && text.trim() === ''))
  const nothing = taken && others.length === 0 && subject === (lesson.subject ?? '')
  const sums = counted(own(day).map((child) => codeOf(day, period, child, chosen)))

  useEffect(() => {
    if (!done) return
    onDone()
    router.history.push(addressOf(day.class_id, day.on))
  }, [done, onDone, router, day.class_id, day.on])

  const focusRow = (n: number, code?: LessonCode | null) => {
    const row = list.current?.querySelectorAll('fieldset')[n]
    row?.querySelector<HTMLInputElement>(`input[value="${code ?? ''}"]`)?.focus()
    if (row && !row.contains(document.activeElement)) row.querySelector('input')?.focus()
  }

  // The hands are on the keys: they work from the first moment. What stands above the list stays in sight.
  useEffect(() => {
    const first = list.current?.querySelector('fieldset')
    const at = first?.querySelector<HTMLInputElement>('input:checked') ?? first?.querySelector('input')
    at?.focus({ preventScroll: true })
  }, [])

  async function save() {
    setTried(true)
    if (sending || nothing) return
    if (missing.length > 0) focusRow(own(day).findIndex(({ pupil }) => pupil.id === missing[0]!.pupil.id))
    if (missing.length > 0 || unexplained) return
    const marks = toSend(day, period, chosen, why ? { code: reason!, text: text.trim() } : null)
    const answer = await send(`${lessonsPath(day.class_id, day.on)}/${period}`, { marks, ...(subject !== (lesson.subject ?? '') && { subject: subject || null, roll_seen: lesson.revision }) })
    if (answer === null) return
    const refused = answer.refused.map(({ pupil }) => pupil)
    setChosen(kept(chosen, taken, refused))
    await queries.invalidateQueries({ queryKey: ['lessons'] })
    if (refused.length > 0) setMoved(refused)
    else setDone(true)
  }

  /** ↑ ↓ go from child to child, the roll's keys choose. */
  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    if (isImeKey(event.nativeEvent) || event.altKey) return
    if ((event.ctrlKey || event.metaKey) && isEnter(event.nativeEvent)) {
      event.preventDefault()
      void save()
      return
    }
    const at = event.target
    if (event.ctrlKey || event.metaKey || !(at instanceof HTMLInputElement) || at.type !== 'radio' || !list.current?.contains(at)) return
    const rows = own(day)
    const n = rows.findIndex(({ pupil }) => pupil.id === at.name)
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const code = CODES.find((one) => KEYS[one] === (event.key === ' ' ? ' ' : letterOf(event.nativeEvent)))
    if (step !== 0) {
      const next = rows[n + step]
      if (next) focusRow(n + step, codeOf(day, period, next, chosen))
    } else if (code) {
      choose(rows[n]!, code)
      const next = rows[n + 1]
      if (next) focusRow(n + 1, codeOf(day, period, next, chosen))
    } else return
    event.preventDefault()
  }

  function choose(child: Child, code: LessonCode) {
    setChosen((before) => ({ ...before, [child.pupil.id]: code }))
  }

  return (
    <section className={styles.take} onKeyDown={onKeyDown} aria-labelledby="lesson">
      {Object.keys(chosen).length > 0 && !done && !sending && <Unsaved title={<Trans>この時限の出欠をまだ保存していません</Trans>} onDrop={() => setChosen({})} />}
      <div className={panel.bar}>
        <h2 id="lesson">
          <Trans>{period}時限の出欠</Trans>
        </h2>
        <State day={day} lesson={lesson} />
        <Goto href={addressOf(day.class_id, day.on)}>
          <Trans>1日の表へ</Trans>
        </Goto>
      </div>
      <div className={styles.subject}>
        <Choose label={t`教科`} required={false} value={subject} onChange={setSubject} options={[{ value: '', word: t`えらばない` }, ...day.subjects.map(({ code, word }) => ({ value: code, word }))]} />
      </div>
      {!day.day_taken && (
        <Strip kind="look">
          <Trans>朝の記録がまだ確定していません。いる・いないを確かめて、えらんでください。</Trans>
        </Strip>
      )}
      <p className={panel.aside}>
        <Trans>はじめの印は、1日の出欠と前の時限から出しています。この時限の印で、1日の出欠は変わりません。</Trans>
      </p>
      <ul className={styles.children} ref={list}>
        {day.members.map((child) => (
          <Row key={child.pupil.id} day={day} child={child} code={child.exchange ? null : codeOf(day, period, child, chosen)} late={(tried && missing.includes(child)) || moved.includes(child.pupil.id)} onChoose={(code) => choose(child, code)} />
        ))}
      </ul>
      <div className={styles.foot}>
        {why && (
          <>
            <Tiles label={t`訂正のわけ`} required tiles={day.reasons.map((one) => ({ value: one.code, content: one.word }))} value={reason} onChange={setReason} wrong={tried && reason === null ? t`わけを選んでください` : undefined} />
            {reason === OTHER && <TextLine label={t`わけを一言`} required max={REASON_MAX} value={text} onChange={setText} />}
          </>
        )}
        {moved.length > 0 && (
          <Strip kind="wrong" live>
            {taken ? (
              <Trans>開いたあとに、ほかの人が印を変えた子がいます。いまの印を確かめて、もう一度選んでください。</Trans>
            ) : (
              <Trans>開いたあとに、1日の出欠が変わった子がいます。まだ確定していません。その子の印を確かめて、もう一度確定してください。</Trans>
            )}
          </Strip>
        )}
        <Refused error={error} />
        <div className={styles.acts}>
          <p className={styles.sums}>
            {CODES.map((code) => (
              <span key={code} data-zero={sums[code] === 0 ? '' : undefined}>
                {i18n._(CODE_WORDS[code])} <b>{sums[code]}</b>
              </span>
            ))}
          </p>
          <Button look="filled" onPress={() => void save()} off={nothing ? t`変えたところがありません` : undefined} shortcut="Ctrl+Enter">
            {missing.length > 0 ? (
              <Plural value={missing.length} other="先に#人を決める" />
            ) : taken ? (
              <Plural value={others.length} _0="教科を保存する" other="#人の訂正を保存する" />
            ) : (
              <Plural value={own(day).length} other="#人の出欠を確定" />
            )}
          </Button>
        </div>
      </div>
    </section>
  )
}

/** Whether it was taken, by whom. */
function State({ day, lesson }: { readonly day: LessonDay; readonly lesson: Lesson }) {
  if (lesson.at === null)
    return (
      <p className={panel.wait}>
        <Trans>まだ確定していません</Trans>
      </p>
    )
  const [when, who] = [timeOf(lesson.at, day.on), fullName(lesson.by)]
  return (
    <p className={panel.good}>
      <Trans>
        {when} に確定（{who}）
      </Trans>
    </p>
  )
}

interface RowProps {
  readonly day: LessonDay
  readonly child: Child
  readonly code: LessonCode | null
  /** Somebody has to look at it. */
  readonly late: boolean
  readonly onChoose: (code: LessonCode) => void
}

function Row({ day, child, code, late, onChoose }: RowProps) {
  const { t, i18n } = useLingui()
  const symbol = day.symbols.find((one) => one.code === child.day.code)
  const name = fullName(child.pupil)
  const whole = symbol?.word ?? t`未入力`
  const who = child.number === null ? name : t`${child.number}番 ${name}`
  const { id } = child.pupil
  return (
    <li className={styles.child} data-look={late ? '' : undefined} data-unset={code === null && !child.exchange ? '' : undefined}>
      <span className={styles.who}>
        <b>{child.number ?? ''}</b>
        {name}
        <small data-tint={symbol?.tint ?? 'none'}>{t`1日 ${whole}`}</small>
      </span>
      {child.exchange ? (
        <span className={panel.aside}>
          <Trans>在籍の学級でとります</Trans>
        </span>
      ) : (
        <fieldset className={styles.codes}>
          <legend className={styles.unseen}>{who}</legend>
          {CODES.map((one) => (
            <label key={one} data-code={one} data-on={one === code ? '' : undefined}>
              <input type="radio" name={id} value={one} checked={one === code} onChange={() => onChoose(one)} />
              {i18n._(CODE_WORDS[one])}
            </label>
          ))}
        </fieldset>
      )}
    </li>
  )
}
