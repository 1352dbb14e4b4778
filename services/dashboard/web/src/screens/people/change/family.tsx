import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import type { Card, LegalName, Tie } from '~/api/people'
import type { Person } from '~/api/types'
import { useMe } from '~/app/me'
import { Choose, Field, type Option } from '~/parts/Field'
import { fullName } from '~/parts/Name'
import { Tiles } from '~/parts/Tiles'
import { Form } from './Form'
import { NameFields, Reason } from './names'
import { Picker } from './Picker'
import { useChange, type Change } from './useChange'
import styles from './Page.module.css'

function useRelations(): readonly Option[] {
  const { t } = useLingui()
  return [
    { value: 'mother', word: t`母` },
    { value: 'father', word: t`父` },
    { value: 'grandmother', word: t`祖母` },
    { value: 'grandfather', word: t`祖父` },
    { value: 'aunt', word: t`おば` },
    { value: 'uncle', word: t`おじ` },
    { value: 'sister', word: t`姉` },
    { value: 'brother', word: t`兄` },
    { value: 'foster_parent', word: t`里親` },
    { value: 'facility', word: t`施設` },
    { value: 'guardian', word: t`後見人` },
    { value: 'other', word: t`その他` },
  ]
}

interface Rights {
  readonly relation: string
  readonly notify: boolean
  readonly read: boolean
  readonly contact: boolean
}

interface RightsFieldsProps {
  readonly value: Rights
  readonly onChange: (value: Rights) => void
  /** 続柄 as a source brought it, where it is none of the list. */
  readonly word?: string | undefined
  readonly wrong: Change['wrong']
}

function RightsFields({ value, onChange, word, wrong }: RightsFieldsProps) {
  const known = useRelations()
  const options = known.some((one) => one.value === value.relation) ? known : [{ value: value.relation, word: word ?? value.relation }, ...known]
  const sides = [
    { name: 'notify', word: <Trans>欠席などを連絡でき、お知らせが届く</Trans> },
    { name: 'read', word: <Trans>子の記録を見られる</Trans> },
    { name: 'contact', word: <Trans>学校から電話する</Trans> },
  ] as const
  return (
    <>
      <Choose label={<Trans>続柄</Trans>} required value={value.relation} onChange={(relation) => onChange({ ...value, relation })} options={options} wrong={wrong('relation')} />
      <fieldset className={styles.checks}>
        <legend>
          <Trans>できること</Trans>
        </legend>
        {sides.map(({ name, word: said }) => (
          <label key={name} className={styles.check}>
            <input type="checkbox" checked={value[name]} onChange={(event) => onChange({ ...value, [name]: event.target.checked })} />
            {said}
          </label>
        ))}
      </fieldset>
    </>
  )
}

export function GuardianForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const [from, setFrom] = useState<string | null>(null)
  const [known, setKnown] = useState<Person | null>(null)
  const [person, setPerson] = useState<LegalName>({ family: card.legal.family, given: '', family_kana: card.legal.family_kana, given_kana: '' })
  const [rights, setRights] = useState<Rights>({ relation: 'mother', notify: true, read: true, contact: true })
  const [since, setSince] = useState(me.today)
  return (
    <Form
      person={card.person.id}
      change={change}
      ask={() => (from === null ? null : { act: 'add_guardian', ...(from === 'known' ? { guardian: known?.id ?? null } : { person }), ...rights, since })}
    >
      <Tiles
        label={t`保護者は`}
        value={from}
        onChange={setFrom}
        wrong={change.unchosen}
        tiles={[
          { value: 'known', content: <Trans>名簿にいる人</Trans> },
          { value: 'new', content: <Trans>新しい人</Trans> },
        ]}
      />
      {from === 'known' && <Picker label={t`保護者をさがす`} hats={['guardian']} chosen={known} onChoose={setKnown} wrong={change.wrong('guardian')} />}
      {from === 'new' && <NameFields where="person" value={person} onChange={setPerson} wrong={change.wrong} />}
      {from !== null && (
        <>
          <RightsFields value={rights} onChange={setRights} wrong={change.wrong} />
          <Field label={<Trans>いつから</Trans>} required type="date" value={since} onChange={setSince} wrong={change.wrong('since')} />
        </>
      )}
    </Form>
  )
}

/** What may come to a guardianship that stands; `never`: it was an error from the beginning. */
type Tying = 'change_guardian' | 'correct_guardian' | 'end_guardian' | 'never'

export function RightsForm({ card, tie }: { readonly card: Card; readonly tie: Tie }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const [act, setAct] = useState<Tying | null>(null)
  const [rights, setRights] = useState<Rights>({ relation: tie.relation, notify: tie.notify, read: tie.read, contact: tie.contact })
  const [day, setDay] = useState(me.today)
  const [reason, setReason] = useState('')
  const optional = { reason: reason || null }
  const ask = {
    change_guardian: { ...rights, since: day, ...optional },
    correct_guardian: { ...rights, reason },
    end_guardian: { last: day, ...optional },
    never: { last: null, ...optional },
  }
  return (
    <Form
      person={card.person.id}
      change={change}
      ask={() => act && { act: act === 'never' ? 'end_guardian' : act, period: tie.period, ...ask[act] }}
    >
      <p className={styles.whom}>
        {tie.relation_word} {fullName(tie.person)}
      </p>
      <Tiles
        label={t`どれですか`}
        value={act}
        onChange={(chosen) => setAct(chosen as Tying)}
        wrong={change.unchosen}
        tiles={[
          { value: 'change_guardian', content: <Trans>ある日から変わる</Trans> },
          { value: 'correct_guardian', content: <Trans>まちがいを直す</Trans> },
          { value: 'end_guardian', content: <Trans>保護者でなくなる</Trans> },
          { value: 'never', content: <Trans>はじめから保護者でない</Trans> },
        ]}
      />
      {(act === 'change_guardian' || act === 'correct_guardian') && <RightsFields value={rights} onChange={setRights} word={tie.relation_word} wrong={change.wrong} />}
      {act === 'change_guardian' && <Field label={<Trans>いつから</Trans>} required type="date" value={day} onChange={setDay} wrong={change.wrong('since')} />}
      {act === 'end_guardian' && <Field label={<Trans>最後の日</Trans>} required type="date" value={day} onChange={setDay} wrong={change.wrong('last')} />}
      {act !== null && <Reason required={act === 'correct_guardian' || act === 'never'} value={reason} onChange={setReason} wrong={change.wrong('reason')} />}
    </Form>
  )
}

export function ProtectionForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const mark = card.protection
  const [act, setAct] = useState<string | null>(mark ? null : 'protect')
  const [people, setPeople] = useState<readonly Person[]>(mark?.confidential_from ?? [])
  const [day, setDay] = useState(me.today)
  const [reason, setReason] = useState('')
  const ends = act === 'end_protection'
  return (
    <Form
      person={card.person.id}
      change={change}
      ask={() =>
        act === null
          ? null
          : ends
            ? { act: 'end_protection', period: mark?.period ?? null, last: day, reason }
            : { act: 'protect', seen: mark?.period ?? null, since: day, confidential_from: people.map(({ id }) => id), reason: reason || null }
      }
    >
      {mark && (
        <Tiles
          label={t`どちらですか`}
          value={act}
          onChange={setAct}
          wrong={change.unchosen}
          tiles={[
            { value: 'protect', content: <Trans>秘匿する相手を変える</Trans> },
            { value: 'end_protection', content: <Trans>支援措置が終わる</Trans> },
          ]}
        />
      )}
      {act === 'protect' && (
        <>
          <People people={people} remove={(id) => setPeople(people.filter((one) => one.id !== id))} />
          <Picker
            label={t`居場所を知らせてはいけない相手をさがす`}
            hats={['guardian', 'staff']}
            chosen={null}
            onChoose={(one) => one && setPeople([...people.filter(({ id }) => id !== one.id), one])}
            wrong={change.wrong('confidential_from')}
          />
          <Field label={<Trans>いつから</Trans>} required type="date" value={day} onChange={setDay} wrong={change.wrong('since')} />
        </>
      )}
      {ends && <Field label={<Trans>最後の日</Trans>} required type="date" value={day} onChange={setDay} wrong={change.wrong('last')} />}
      {act !== null && <Reason required={ends} value={reason} onChange={setReason} wrong={change.wrong('reason')} />}
    </Form>
  )
}

function People({ people, remove }: { readonly people: readonly Person[]; readonly remove: (id: string) => void }) {
  const { t } = useLingui()
  if (people.length === 0)
    return (
      <p>
        <Trans>相手が分からないときは、選ばずに保存できます。</Trans>
      </p>
    )
  return (
    <ul className={styles.people} aria-label={t`秘匿する相手`}>
      {people.map((one) => {
        const name = fullName(one)
        return (
          <li key={one.id}>
            {name}{' '}
            <button type="button" className={styles.remove} onClick={() => remove(one.id)} aria-label={t`${name} を外す`}>
              <Trans>外す</Trans>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
