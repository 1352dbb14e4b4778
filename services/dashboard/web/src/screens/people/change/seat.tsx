import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { placesQuery, type Card } from '~/api/people'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Button } from '~/parts/Button'
import { Choose, Field } from '~/parts/Field'
import { Tiles } from '~/parts/Tiles'
import { Form } from './Form'
import { Reason } from './names'
import { useChange } from './useChange'

export function SeatForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const me = useMe()
  const change = useChange(card.person.id)
  const home = card.pupil?.home ?? null
  const places = useRead(placesQuery(card.pupil?.enrolment?.school.id))
  const [act, setAct] = useState<string | null>(home ? null : 'change_seat')
  const [of, setOf] = useState(home?.school_class.id ?? '')
  const [number, setNumber] = useState(home?.number?.toString() ?? '')
  const [since, setSince] = useState(me.today)
  const [reason, setReason] = useState('')
  const changes = act === 'change_seat'
  const free = change.instead('number')
  const ask = (typed: string) => {
    const digits = typed.normalize('NFKC').trim()
    if (act === null) return null
    return {
      act,
      seen: home?.period ?? null,
      class_id: of,
      number: digits === '' ? null : /^\d+$/.test(digits) ? Number(digits) : digits,
      ...(changes ? { since, reason: reason || null } : { reason }),
    }
  }
  function take(typed: string) {
    setNumber(typed)
    void change.look(ask(typed))
  }
  return (
    <Form person={card.person.id} change={change} ask={() => ask(number)}>
      {home && (
        <Tiles
          label={t`どちらですか`}
          value={act}
          onChange={setAct}
          wrong={change.unchosen}
          tiles={[
            { value: 'correct_seat', content: <Trans>まちがいを直す</Trans> },
            { value: 'change_seat', content: <Trans>ある日から変わる</Trans> },
          ]}
        />
      )}
      {act !== null && (
        <>
          <Choose
            label={<Trans>学級</Trans>}
            required
            value={of}
            onChange={setOf}
            wrong={change.wrong('class_id')}
            options={[...(of === '' ? [{ value: '', word: t`選んでください` }] : []), ...(places.data?.classes ?? []).map(({ id, name: word }) => ({ value: id, word }))]}
          />
          <Field label={<Trans>出席番号</Trans>} required={false} inputMode="numeric" value={number} onChange={setNumber} wrong={change.wrong('number')} />
          {free !== undefined && (
            <div>
              <Button onPress={() => take(free)}>
                <Trans>{free}番にする</Trans>
              </Button>
            </div>
          )}
          {changes && <Field label={<Trans>いつから</Trans>} required type="date" value={since} onChange={setSince} wrong={change.wrong('since')} />}
          <Reason required={!changes} value={reason} onChange={setReason} wrong={change.wrong('reason')} />
        </>
      )}
    </Form>
  )
}
