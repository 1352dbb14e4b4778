import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { KEY, listPath, type ClassList, type Numbered } from './data'
import { OrderList } from './OrderList'
import { byBirth, byKana, gapsOf, seats, type Seat } from './rules'
import styles from './Page.module.css'

interface NumberingProps {
  /** As it was when the draft was begun. */
  readonly list: ClassList
  /** Somebody has changed the list since. */
  readonly overtaken: boolean
  readonly draft: readonly Seat[]
  readonly onDraft: (draft: readonly Seat[]) => void
  readonly onPaste: () => void
  /** A new draft of the list as it is now. */
  readonly onAnew: () => void
  readonly onClose: () => void
}

/** New numbers, by order or from a paste: nothing holds before its consequences were looked at and saved. */
export function Numbering({ list, overtaken, draft, onDraft, onPaste, onAnew, onClose }: NumberingProps) {
  const { t } = useLingui()
  const { send, sending, error, forget } = useCommand<Numbered>(useMe().person.id)
  const queries = useQueryClient()
  const [look, setLook] = useState<Numbered | null>(null)
  const gaps = gapsOf(draft)
  const from = workDay(list.date)
  const changed = draft.filter(({ member, number }) => member.number !== number).length
  const order = (next: readonly Seat['member'][]) => {
    forget()
    onDraft(seats(next, gaps))
  }
  const body = (dry: boolean) => ({
    since: list.date,
    seen: list.revision,
    numbers: draft.map(({ member, number }) => ({ pupil: member.pupil.id, number })),
    gaps,
    dry,
  })

  async function consider() {
    if (sending) return
    const told = await send(listPath(list.class.id), body(true))
    setLook(told)
    // Refused because somebody was first: the list is read again, and the page says so.
    if (told === null) await queries.invalidateQueries({ queryKey: [KEY, list.class.id] })
  }

  async function save() {
    if (sending) return
    const done = await send(listPath(list.class.id), body(false))
    setLook(null)
    if (done !== null) onClose()
    await queries.invalidateQueries({ queryKey: [KEY, list.class.id] })
  }

  const members = draft.map(({ member }) => member)
  return (
    <>
      <Strip kind="look">
        <strong>
          <Trans>{from}から使う番号を決めています。</Trans>
        </strong>{' '}
        <Trans>ほかの日から変えるときは、上の日付を先に変えてください。</Trans>
      </Strip>
      {overtaken && (
        <Strip
          kind="wrong"
          live
          action={
            <Button
              size="small"
              onPress={() => {
                forget()
                onAnew()
              }}
            >
              <Trans>いまの番号から決め直す</Trans>
            </Button>
          }
        >
          <Trans>ほかの人が、この学級の名簿を先に変えました。この並べかえは保存できません。</Trans>
        </Strip>
      )}
      <div className={styles.bar}>
        <Button onPress={() => order(byKana(members))}>
          <Trans>五十音順に並べる</Trans>
        </Button>
        <Button onPress={() => order(byBirth(members))}>
          <Trans>生年月日順に並べる</Trans>
        </Button>
        <Button onPress={onPaste}>
          <Trans>番号を貼り付ける</Trans>
        </Button>
        {gaps.length > 0 && <Gaps gaps={gaps} onClose={() => onDraft(seats(members, []))} />}
      </div>
      <OrderList draft={draft} onOrder={order} />
      <Refused error={overtaken ? null : error} />
      <div className={styles.bar}>
        <Button look="filled" onPress={() => void consider()} off={overtaken ? t`ほかの人が先に変えました` : changed === 0 ? t`番号はまだ変わっていません` : undefined}>
          <Plural value={changed} _0="番号はまだ変わっていません" other="#人の番号の変わり方を確かめる" />
        </Button>
        <Button onPress={onClose}>
          <Trans>やめる</Trans>
        </Button>
      </div>
      {look && <Consequences list={list} look={look} sending={sending} onSave={() => void save()} onClose={() => setLook(null)} />}
    </>
  )
}

function Gaps({ gaps, onClose }: { readonly gaps: readonly number[]; readonly onClose: () => void }) {
  const { t } = useLingui()
  const words = gaps.join(t`・`)
  return (
    <span className={styles.gaps}>
      <Trans>欠番: {words}</Trans>
      <Button look="text" size="small" onPress={onClose}>
        <Trans>番号をつめる</Trans>
      </Button>
    </span>
  )
}

interface ConsequencesProps {
  readonly list: ClassList
  readonly look: Numbered
  readonly sending: boolean
  readonly onSave: () => void
  readonly onClose: () => void
}

/** Whose number becomes which, from when, and what that touches. */
function Consequences({ list, look, onSave, onClose }: ConsequencesProps) {
  const [from, name, n] = [workDay(list.date), list.class.name, look.changed.length]
  return (
    <Dialog open wide onClose={onClose} title={<Trans>{name}の番号を{from}から変える</Trans>}>
      <ul className={styles.changes}>
        {look.changed.map(({ pupil, before, after }) => (
          <li key={pupil.id}>
            <span className={styles.change}>
              {before ?? '―'} → <strong>{after}</strong>
            </span>{' '}
            {fullName(pupil)}
          </li>
        ))}
      </ul>
      {look.rolls > 0 && (
        <Strip kind="look">
          <Plural value={look.rolls} other="その日からあとに確定した朝の記録が#日分あります。出欠は変わらず、番号だけ新しい番号で見えます。" />
        </Strip>
      )}
      <p>
        <Trans>前の日までの番号は、そのまま残ります。ほかの人が名簿を変えるまでは、元に戻せます。</Trans>
      </p>
      <DialogButtons>
        <Button look="filled" onPress={onSave} autoFocus>
          <Trans>{n}人の番号を変える</Trans>
        </Button>
        <Button onPress={onClose} shortcut="Esc">
          <Trans>やめる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
