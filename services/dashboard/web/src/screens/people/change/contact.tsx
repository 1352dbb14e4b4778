import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import type { Card, Contact, Phone } from '~/api/people'
import { useMe } from '~/app/me'
import { workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Choose, Field, type Option } from '~/parts/Field'
import { Tiles } from '~/parts/Tiles'
import { Form } from './Form'
import { Reason } from './names'
import { useChange, type Change } from './useChange'
import styles from './Page.module.css'

const MOST = 4

/** As registry offers them (services/registry/roster/contacts.py), each called by its own name. */
const LANGUAGES: readonly Option[] = ['ja', 'en', 'es', 'fil', 'id', 'ko', 'my', 'ne', 'pt', 'th', 'uk', 'vi', 'zh'].map((value) => ({
  value,
  word: new Intl.DisplayNames([value], { type: 'language' }).of(value) ?? value,
}))

type Line = Pick<Phone, 'number' | 'kind'>
const BLANK: Line = { number: '', kind: 'mobile' }

interface PhonesProps {
  readonly phones: readonly Line[]
  readonly onChange: (phones: readonly Line[]) => void
  readonly wrong: Change['wrong']
}

/** Numbers in the order in which they are called, one line each and an empty one after them. */
function Phones({ phones, onChange, wrong }: PhonesProps) {
  const { t } = useLingui()
  const kinds: readonly (Option & { readonly value: Phone['kind'] })[] = [
    { value: 'mobile', word: t`携帯` },
    { value: 'home', word: t`自宅` },
    { value: 'work', word: t`勤務先` },
    { value: 'other', word: t`そのほか` },
  ]
  const put = (at: number, line: Partial<Line>) => onChange(phones.map((each, i) => (i === at ? { ...each, ...line } : each)))
  return (
    <>
      {phones.map((line, at) => {
        const place = at + 1
        return (
          <div key={at} className={styles.two}>
            <Field
              label={<Trans>電話 {place}番目</Trans>}
              required={false}
              inputMode="tel"
              value={line.number}
              onChange={(number) => put(at, { number })}
              wrong={wrong(`phones.${at}.number`)}
            />
            <Choose label={<Trans>どこの電話か</Trans>} value={line.kind} onChange={(kind) => put(at, { kind: kind as Phone['kind'] })} options={kinds} />
          </div>
        )
      })}
      {phones.length < MOST && (
        <div>
          <Button onPress={() => onChange([...phones, BLANK])}>
            <Trans>電話番号を加える</Trans>
          </Button>
        </div>
      )}
    </>
  )
}

/** What stands in the fields of one act. */
interface Typed {
  readonly code: string
  readonly address: string
  readonly phones: readonly Line[]
  readonly language: string
}

const typedOf = (there: Contact | null): Typed => ({
  code: there?.postal_code ?? '',
  address: there?.address ?? '',
  phones: there && there.phones.length > 0 ? there.phones.map(({ number, kind }) => ({ number, kind })) : [BLANK],
  language: there?.language ?? '',
})

export function ContactForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const { contact: there, contact_next: next } = card
  const only = there === null && next === null
  const [act, setAct] = useState<string | null>(only ? 'change_contact' : null)
  const [typed, setTyped] = useState(typedOf(there))
  const [since, setSince] = useState(me.today)
  const [reason, setReason] = useState('')
  const changes = act === 'change_contact'
  const cancels = act === 'cancel_contact'
  const of = act === 'correct_next' || cancels ? next : there
  const day = next ? workDay(next.since) : ''
  const put = (some: Partial<Typed>) => setTyped({ ...typed, ...some })
  const other = typed.language !== '' && !LANGUAGES.some(({ value }) => value === typed.language)
  const tiles = [
    { value: 'change_contact', content: <Trans>ある日から変わる（引っ越し・番号の変更）</Trans>, may: next === null },
    { value: 'correct_contact', content: <Trans>まちがいを直す</Trans>, may: there !== null },
    { value: 'correct_next', content: <Trans>{day}からの内容を直す</Trans>, may: next !== null },
    { value: 'cancel_contact', content: <Trans>{day}からの変更を取りやめる</Trans>, may: next !== null },
  ].filter(({ may }) => may)
  function choose(chosen: string) {
    setAct(chosen)
    setTyped(typedOf(chosen === 'correct_next' ? next : there))
  }
  function ask() {
    if (act === null) return null
    if (cancels) return { act, seen: next?.period ?? null, reason }
    return {
      act: changes ? 'change_contact' : 'correct_contact',
      seen: of?.period ?? null,
      postal_code: typed.code,
      address: typed.address,
      // Lines that were left empty count too, so that what is wrong is said beside its own line.
      phones: typed.phones,
      language: typed.language,
      ...(changes ? { since, reason: reason || null } : { reason }),
    }
  }
  return (
    <Form person={card.person.id} change={change} ask={ask}>
      {!only && <Tiles label={t`どれですか`} value={act} onChange={choose} tiles={tiles} wrong={change.unchosen} />}
      {act !== null && !cancels && (
        <>
          <Phones phones={typed.phones} onChange={(phones) => put({ phones })} wrong={change.wrong} />
          <Field label={<Trans>郵便番号</Trans>} required={false} inputMode="numeric" value={typed.code} onChange={(code) => put({ code })} wrong={change.wrong('postal_code')} />
          <Field label={<Trans>住所</Trans>} required={false} value={typed.address} onChange={(address) => put({ address })} wrong={change.wrong('address')} />
          <Choose
            label={<Trans>読みやすいことば</Trans>}
            required={false}
            value={typed.language}
            onChange={(language) => put({ language })}
            wrong={change.wrong('language')}
            options={[{ value: '', word: t`きいていません` }, ...LANGUAGES, ...(other ? [{ value: typed.language, word: of?.language_word ?? typed.language }] : [])]}
          />
          {changes && <Field label={<Trans>いつから</Trans>} required type="date" value={since} onChange={setSince} wrong={change.wrong('since')} />}
        </>
      )}
      {act !== null && <Reason required={!changes} value={reason} onChange={setReason} wrong={change.wrong('reason') ?? change.wrong('seen')} />}
    </Form>
  )
}
