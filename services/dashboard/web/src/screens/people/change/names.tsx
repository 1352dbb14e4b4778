import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import type { Card, LegalName } from '~/api/people'
import { useMe } from '~/app/me'
import { Choose, Field } from '~/parts/Field'
import { ReadingField } from '~/parts/ReadingField'
import { Tiles } from '~/parts/Tiles'
import { Form } from './Form'
import { useChange, type Change } from './useChange'
import styles from './Page.module.css'

const NO_NAME: LegalName = { family: '', given: '', family_kana: '', given_kana: '' }

interface NameFieldsProps {
  readonly value: LegalName
  readonly onChange: (value: LegalName) => void
  /** Name of the part in what is sent. */
  readonly where: string
  readonly wrong: Change['wrong']
}

/** 氏, 名 and their readings. Names are kept as typed, to the code point; only readings are made katakana. */
export function NameFields({ value, onChange, where, wrong }: NameFieldsProps) {
  const part = (name: keyof LegalName) => (text: string) => onChange({ ...value, [name]: text })
  const said = (name: keyof LegalName) => wrong(`${where}.${name}`)
  return (
    <div className={styles.two}>
      <Field label={<Trans>氏</Trans>} required value={value.family} onChange={part('family')} wrong={said('family')} />
      <Field label={<Trans>名</Trans>} required value={value.given} onChange={part('given')} wrong={said('given')} />
      <ReadingField label={<Trans>氏のよみ</Trans>} required={false} value={value.family_kana} onChange={part('family_kana')} wrong={said('family_kana')} />
      <ReadingField label={<Trans>名のよみ</Trans>} required={false} value={value.given_kana} onChange={part('given_kana')} wrong={said('given_kana')} />
    </div>
  )
}

export function NameForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const [act, setAct] = useState<string | null>(null)
  const [legal, setLegal] = useState(card.legal)
  const [common, setCommon] = useState(card.common)
  const [since, setSince] = useState(me.today)
  const [reason, setReason] = useState('')
  const changes = act === 'change_name'
  return (
    <Form
      person={card.person.id}
      change={change}
      ask={() => (act === null ? null : { act, seen: card.revision, legal, common, ...(changes ? { since, reason: reason || null } : { reason }) })}
    >
      <Tiles
        label={t`どちらですか`}
        value={act}
        onChange={setAct}
        wrong={change.unchosen}
        tiles={[
          { value: 'correct_name', content: <Trans>まちがいを直す</Trans> },
          { value: 'change_name', content: <Trans>名前が変わった</Trans> },
        ]}
      />
      {act !== null && (
        <>
          <NameFields where="legal" value={legal} onChange={setLegal} wrong={change.wrong} />
          <label className={styles.check}>
            <input type="checkbox" checked={common !== null} onChange={(event) => setCommon(event.target.checked ? NO_NAME : null)} />
            <Trans>学校では通称を使う</Trans>
          </label>
          {common && <NameFields where="common" value={common} onChange={setCommon} wrong={change.wrong} />}
          {changes && <Field label={<Trans>変わった日</Trans>} required type="date" max={me.today} value={since} onChange={setSince} wrong={change.wrong('since')} />}
          <Reason required={!changes} value={reason} onChange={setReason} wrong={change.wrong('reason')} />
        </>
      )}
    </Form>
  )
}

export function BasicsForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const [birth, setBirth] = useState(card.birth_date ?? '')
  const [sex, setSex] = useState(card.sex ?? 'unspecified')
  const [reason, setReason] = useState('')
  return (
    <Form person={card.person.id} change={change} ask={() => ({ act: 'correct_basics', seen: card.revision, birth_date: birth || null, sex, reason })}>
      <Field label={<Trans>生年月日</Trans>} required={false} type="date" max={me.today} value={birth} onChange={setBirth} wrong={change.wrong('birth_date')} />
      <Choose
        label={<Trans>性別</Trans>}
        value={sex}
        onChange={setSex}
        options={[
          { value: 'female', word: t`女` },
          { value: 'male', word: t`男` },
          { value: 'unspecified', word: t`記載なし` },
          { value: 'other', word: t`その他` },
        ]}
      />
      <Reason required value={reason} onChange={setReason} wrong={change.wrong('reason')} />
    </Form>
  )
}

interface ReasonProps {
  readonly required: boolean
  readonly value: string
  readonly onChange: (value: string) => void
  readonly wrong: string | undefined
}

export function Reason({ required, value, onChange, wrong }: ReasonProps) {
  return <Field label={<Trans>わけ</Trans>} hint={<Trans>経過に残ります。例: 戸籍の字とちがっていた</Trans>} required={required} maxLength={200} value={value} onChange={onChange} {...(wrong === undefined ? {} : { wrong })} />
}
