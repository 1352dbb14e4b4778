import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Problem, type ProblemItem } from '~/api/problem'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { workDay, type Day } from '~/dates/dates'
import { readDay, whyNoDay } from '~/dates/read'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { Choose, Field } from '~/parts/Field'
import { LinkButton } from '~/parts/LinkButton'
import { isReading, reading } from '~/parts/reading'
import { ReadingField } from '~/parts/ReadingField'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows, NoRight } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import '../words'
import { arrivalsPath, movesQuery, roomsQuery, type Accepting } from './data'
import { MoveForm, useAnnounce } from './MoveForm'
import { Reason } from './Reason'
import { transferredOn } from './rules'
import styles from './Page.module.css'

/** 転入を届ける: a child from a school elsewhere, with or without papers. */
export default function ArrivePage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(movesQuery())
  useScreen(t`転入を届ける`)
  return (
    <div className={panel.screen}>
      <Place title={t`転入を届ける`} />
      {!data ? error ? <CannotRead error={error} what={t`転出入`} onRetry={again} /> : <LoadingRows rows={10} /> : data.accepting.length === 0 ? <NoRight /> : <Arrive schools={data.accepting} />}
    </div>
  )
}

const NOBODY = { legal_family: '', legal_given: '', kana_family: '', kana_given: '' }

function Arrive({ schools }: { readonly schools: readonly Accepting[] }) {
  const { t } = useLingui()
  const me = useMe()
  const { announce, error, forget } = useAnnounce(arrivalsPath)
  const [card, setCard] = useState(NOBODY)
  const [born, setBorn] = useState('')
  const [sex, setSex] = useState<string | null>(null)
  const [school, setSchool] = useState(schools.length === 1 ? schools[0]!.id : '')
  const [grade, setGrade] = useState('')
  const [accepted, left] = [useDay(null), useDay(null)]
  const [classId, setClass] = useState('')
  const [from, setFrom] = useState({ name: '', address: '' })
  const [reason, setReason] = useState<string | null>('moved_house')
  const [handedOn, setHandedOn] = useState(false)
  const grades = schools.find(({ id }) => id === school)?.grades ?? []
  const rooms = useQuery(roomsQuery(school, accepted.day ?? '', grade))
  const room = rooms.data?.find(({ id }) => id === classId)
  const birth = readDay(born, me.today)
  const wrongBirth = born.trim() !== '' && birth === null ? whyNoDay(born, me.today, '2018/5/5') : null
  const same = error instanceof Problem && error.body.type.endsWith('/same-person') ? error.body.errors : []
  const transferred = transferredOn(accepted.day)
  const missing = [
    Object.values(card).some((part) => part.trim() === '') && t`氏名とよみを書いてください`,
    !(isReading(card.kana_family) && isReading(card.kana_given)) && t`よみは、ひらがなかカタカナで書いてください`,
    dayMissing(t`生年月日`, { day: birth, why: wrongBirth }, true),
    sex === null && t`性別をえらんでください`,
    school === '' && t`受け入れる学校をえらんでください`,
    grade === '' && t`学年をえらんでください`,
    dayMissing(t`受け入れる日`, accepted, true),
    from.name.trim() === '' && t`前の学校の名前を書いてください`,
    dayMissing(t`前の学校に最後に登校した日`, left, false),
  ]
  const write = (part: keyof typeof card) => (value: string) => {
    setCard({ ...card, [part]: value })
    forget()
  }

  /** `who`: one who was here before; null: nobody known is the same; undefined: not asked yet. */
  function arrive(who?: string | null) {
    const sent = announce({
      ...(typeof who === 'string' ? { pupil: who } : { card: { ...card, kana_family: reading(card.kana_family), kana_given: reading(card.kana_given), birth_date: birth, sex }, nobody_else: who === null }),
      to_school: school,
      grade,
      accepted_on: accepted.day,
      left_on: left.day,
      elsewhere: { name: from.name.trim(), address: from.address.trim() },
      reason,
      place: room ? { class_id: room.id, number: room.next_number } : null,
    })
    void sent.then((others) => others && setHandedOn(true))
  }

  if (handedOn)
    return (
      <Strip kind="good" live action={<LinkButton to="/moves">{t`転出入の一覧へ`}</LinkButton>}>
        <Trans>届けました。このあとは、受け入れる学校と、指名された職員が進めます。この転入は、あなたの一覧には出ません。</Trans>
      </Strip>
    )
  return (
    <MoveForm
      missing={missing}
      onSend={() => arrive()}
      act={
        same.length === 0 && (
          <Button look="filled" type="submit">
            <Trans>転入を届ける</Trans>
          </Button>
        )
      }
      refused={same.length > 0 ? <SamePerson found={same} moved={{ to: school, on: accepted.day ?? undefined }} onSame={arrive} onNobody={() => arrive(null)} /> : <Refused error={error} />}
    >
      <div className={styles.two}>
        <Field label={t`姓`} required autoFocus value={card.legal_family} onChange={write('legal_family')} maxLength={50} />
        <Field label={t`名`} required value={card.legal_given} onChange={write('legal_given')} maxLength={50} />
        <ReadingField label={t`姓のよみ（カタカナ）`} required value={card.kana_family} onChange={write('kana_family')} maxLength={50} />
        <ReadingField label={t`名のよみ（カタカナ）`} required value={card.kana_given} onChange={write('kana_given')} maxLength={50} />
      </div>
      <Field
        label={t`生年月日`}
        required
        value={born}
        onChange={(text) => {
          setBorn(text)
          forget()
        }}
        hint={birth !== null ? <BirthDay day={birth} /> : t`2018/5/5 や 平成30年5月5日 のように書いてください`}
        wrong={wrongBirth ?? undefined}
      />
      <Tiles
        label={t`性別`}
        required
        value={sex}
        onChange={setSex}
        tiles={[
          { value: 'male', content: <Trans>男</Trans> },
          { value: 'female', content: <Trans>女</Trans> },
          { value: 'unspecified', content: <Trans>書類にない</Trans> },
        ]}
      />
      <div className={styles.two}>
        {schools.length > 1 && (
          <Choose
            label={t`受け入れる学校`}
            required
            value={school}
            onChange={(id) => {
              setSchool(id)
              setGrade('')
              setClass('')
            }}
            options={[{ value: '', word: t`えらんでください` }, ...schools.map(({ id, name }) => ({ value: id, word: name }))]}
          />
        )}
        <Choose
          label={t`学年`}
          required
          value={grade}
          onChange={(code) => {
            setGrade(code)
            setClass('')
          }}
          options={[{ value: '', word: t`えらんでください` }, ...grades.map(([value, word]) => ({ value, word }))]}
        />
      </div>
      <div className={styles.two}>
        <DayField label={t`受け入れる日`} required {...accepted.field} today={me.today} />
        <Choose
          label={t`学級`}
          required={false}
          value={classId}
          onChange={setClass}
          hint={room ? t`出席番号は${room.next_number}番になります` : rooms.data === undefined ? t`学年と受け入れる日を決めると、えらべます` : rooms.data.length === 0 ? t`その日に、この学年の学級はありません` : t`あとで決めることもできます`}
          options={[{ value: '', word: t`あとで決める` }, ...(rooms.data ?? []).map(({ id, name, members }) => ({ value: id, word: t`${name}（いま${members}人）` }))]}
        />
      </div>
      <div className={styles.two}>
        <Field label={t`前の学校`} required value={from.name} onChange={(name) => setFrom({ ...from, name })} maxLength={100} />
        <Field label={t`前の学校の所在地`} required={false} value={from.address} onChange={(address) => setFrom({ ...from, address })} maxLength={200} />
      </div>
      <DayField label={t`前の学校に最後に登校した日`} required={false} {...left.field} today={me.today} empty={t`分からなければ空けておきます`} />
      {transferred !== null && (
        <p className={styles.computed} role="status">
          <Trans>転学日は{workDay(transferred)}です（受け入れる日の前の日）。前の学校の2つの証明書がそろうまでは、仮の受け入れです。</Trans>
        </p>
      )}
      <Reason value={reason} onChange={setReason} />
    </MoveForm>
  )
}

/** Read back with its year: what is written may be of an era. */
function BirthDay({ day }: { readonly day: Day }) {
  const [year, month, date] = day.split('-').map(Number)
  return (
    <Trans>
      {year}年{month}月{date}日生まれ
    </Trans>
  )
}

interface SamePersonProps {
  readonly found: readonly ProblemItem[]
  /** Where to and from when, for one who is moved inside the city instead. */
  readonly moved: { readonly to: string; readonly on: string | undefined }
  readonly onSame: (pupil: string) => void
  readonly onNobody: () => void
}

/** One person for life inside a board: whether it is somebody known, a person says. */
function SamePerson({ found, moved, onSame, onNobody }: SamePersonProps) {
  const asked = useRef<HTMLDivElement>(null)
  // It is asked under a form that is longer than the screen.
  useEffect(() => {
    asked.current?.scrollIntoView({ block: 'end' })
  }, [])
  return (
    <div ref={asked} className={styles.asked}>
      <Strip kind="look" live>
        <p>
          <strong>
            <Trans>この市の学校の子と、同じ子かもしれません。まだ届けていません。</Trans>
          </strong>
        </p>
        <ul className={styles.steps}>
          {found.map(({ cell = '', field, message }) => (
            <li key={cell} className={styles.same}>
              {message}
              {field === 'movable' && (
                <LinkButton size="small" to="/moves/new" search={{ pupil: cell, ...moved }}>
                  <Trans>この子です。市内の転学を届ける</Trans>
                </LinkButton>
              )}
              {field === 'pupil' && (
                <Button size="small" onPress={() => onSame(cell)}>
                  <Trans>この子です。転入を届ける</Trans>
                </Button>
              )}
            </li>
          ))}
        </ul>
        <Button size="small" onPress={onNobody}>
          <Trans>どの子でもありません。新しい子として届ける</Trans>
        </Button>
      </Strip>
    </div>
  )
}
