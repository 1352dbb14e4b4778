import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import { schoolYear } from '~/dates/read'
import { Button } from '~/parts/Button'
import { DayField } from '~/parts/DayField'
import { Choose, Field } from '~/parts/Field'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { Tiles } from '~/parts/Tiles'
import { BASE, exportsQuery } from './data'
import { askedFor, bases, FIRST, type Use, type Wish } from './rules'
import type { Exports, Profile } from './types'
import panel from '~/parts/Panel.module.css'
import styles from './exports.module.css'

const WHOLE = 'board'

/** What shall leave, and what for. */
export function Ask({ page }: { readonly page: Exports }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand(me.person.id)
  const [wish, setWish] = useState<Wish>(FIRST)
  const set = (more: Partial<Wish>) => setWish({ ...wish, ...more })
  const asked = askedFor(wish, page.exports, `${schoolYear(me.today) + 1}-04-01`, page.may_protected)
  const off = sending
    ? t`書き出しを始めています`
    : wish.use === null
      ? t`「何に使いますか」を選んでください`
      : wish.purpose.trim() === ''
        ? t`「何のために書き出しますか」を書いてください`
        : asked
          ? undefined
          : t`「いつから変わったところ」を決めてください`

  async function go() {
    if (sending || !asked) return
    if (await send(BASE, asked)) setWish({ ...wish, purpose: '' })
    await queries.invalidateQueries({ queryKey: exportsQuery.queryKey })
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void go()
      }}
    >
      <Tiles
        label={t`何に使いますか`}
        required
        value={wish.use}
        onChange={(value) => set({ use: value as Use })}
        tiles={[
          { value: 'back', content: <Trans>紬に取り込み直す</Trans> },
          { value: 'kept', content: <Trans>控えにする（取り込み直さない）</Trans> },
          { value: 'others', content: <Trans>ほかのシステムに渡す</Trans> },
        ]}
      />
      {wish.use !== null && <Guarded use={wish.use} may={page.may_protected} />}
      <Tiles
        label={t`OneRoster の版`}
        value={wish.profile}
        onChange={(value) => set({ profile: value as Profile })}
        tiles={[
          { value: '1.2_JP', content: <Trans>1.2_JP（2026年のプロファイル）</Trans> },
          { value: '1.2', content: <Trans>1.2（それより前の日本のプロファイル）</Trans> },
        ]}
      />
      <Choose
        label={<Trans>どの学校</Trans>}
        value={wish.school ?? WHOLE}
        onChange={(value) => set({ school: value === WHOLE ? null : value, range: 'all' })}
        options={[{ value: WHOLE, word: t`市の全校` }, ...page.schools.map(({ id, name }) => ({ value: id, word: name }))]}
      />
      <Tiles
        label={t`いつの名簿`}
        value={wish.next ? 'next' : 'now'}
        onChange={(value) => set({ next: value === 'next' })}
        tiles={[
          { value: 'now', content: <Trans>きょうの年度</Trans> },
          { value: 'next', content: <Trans>次の4月1日</Trans> },
        ]}
      />
      <Range page={page} wish={wish} set={set} />
      <Field
        label={<Trans>何のために書き出しますか</Trans>}
        hint={<Trans>記録に残ります。児童生徒の名前は書かないでください。</Trans>}
        required
        maxLength={200}
        value={wish.purpose}
        onChange={(purpose) => set({ purpose })}
      />
      <Refused error={error} />
      <div className={panel.bar}>
        <Button type="submit" look="filled" off={off}>
          <Trans>名簿を書き出す</Trans>
        </Button>
        <span className={panel.note} role="status">
          {off}
        </span>
      </div>
    </form>
  )
}

interface PartProps {
  readonly page: Exports
  readonly wish: Wish
  readonly set: (more: Partial<Wish>) => void
}

function Range({ page, wish, set }: PartProps) {
  const { t } = useLingui()
  const me = useMe()
  const before = bases(page.exports, wish.school)
  return (
    <>
      <Choose
        label={<Trans>どこまで</Trans>}
        value={wish.range}
        onChange={(range) => set({ range })}
        options={[
          { value: 'all', word: t`全件` },
          ...before.map(({ id, instant, purpose }) => {
            const at = timeOf(instant, me.today)
            return { value: id, word: t`${at}の書き出し（${purpose}）から変わったところ` }
          }),
          { value: 'day', word: t`ある日から変わったところ` },
        ]}
      />
      {wish.range === 'day' && <DayField label={t`いつから変わったところ`} today={me.today} required value={wish.day} onChange={(day) => set({ day })} />}
    </>
  )
}

/** Whether protected children are in it: for coming back they must be, and not everybody may take them along. */
function Guarded({ use, may }: { readonly use: Use; readonly may: boolean }) {
  return (
    <Strip kind={use === 'back' ? 'look' : 'plain'}>
      {use === 'others' ? (
        <Trans>支援措置の対象の子は入りません。権利のない保護者も入りません。</Trans>
      ) : use === 'kept' ? (
        <Trans>支援措置の対象の子は入りません。その子が学校からいなくなってしまうので、紬には取り込み直せません。</Trans>
      ) : may ? (
        <Trans>支援措置の対象の子も入ります。居所を知られてはならない子の名前が入るので、置き場所と渡す相手に気をつけてください。</Trans>
      ) : (
        <Trans>支援措置の対象の子は入りません。対象の子がいるときは、紬に取り込み直せません。入れて書き出せるのは、支援措置に指名された職員です。</Trans>
      )}
    </Strip>
  )
}
