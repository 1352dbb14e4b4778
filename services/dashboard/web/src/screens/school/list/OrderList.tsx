import { Trans, useLingui } from '@lingui/react/macro'
import { GripVertical } from 'lucide-react'
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { isImeKey } from '~/grid/ime'
import { fullName, Name } from '~/parts/Name'
import { moved, type Seat } from './rules'
import styles from './Page.module.css'

interface OrderListProps {
  readonly draft: readonly Seat[]
  readonly onOrder: (order: readonly Seat['member'][]) => void
}

/** The class as a list that is put in order with the finger, the mouse, or the arrow keys on a child's handle. */
export function OrderList({ draft, onOrder }: OrderListProps) {
  const { t } = useLingui()
  const [said, setSaid] = useState('')
  const [held, setHeld] = useState<string | null>(null)
  const box = useRef<HTMLOListElement>(null)
  const members = draft.map(({ member }) => member)

  function move(from: number, to: number) {
    if (from === to) return
    const next = moved(members, from, to)
    if (next === members) return
    onOrder(next)
    const name = fullName(members[from]!.pupil)
    const place = to + 1
    setSaid(t`${name}さんは${place}人目です`)
  }

  function onKeyDown(event: KeyboardEvent, at: number) {
    if (isImeKey(event.nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return
    const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, PageUp: -5, PageDown: 5, Home: -at, End: members.length - 1 - at }
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    move(at, Math.min(members.length - 1, Math.max(0, at + step)))
  }

  function onPointerMove(event: PointerEvent) {
    const at = members.findIndex(({ pupil }) => pupil.id === held)
    const over = at < 0 ? null : document.elementFromPoint(event.clientX, event.clientY)?.closest('[data-seat]')
    if (over && box.current?.contains(over)) move(at, Number(over.getAttribute('data-seat')))
  }

  // The list itself holds the pointer: a row that moves in the page would lose it.
  function hold(event: PointerEvent, pupil: string) {
    box.current?.setPointerCapture(event.pointerId)
    setHeld(pupil)
  }

  return (
    <>
      <p className={styles.hint}>
        <Trans>つまみを動かすか、つまみを選んで上下の矢印キーで動かします。番号は並びのとおりに変わります。</Trans>
      </p>
      <ol className={styles.order} ref={box} onPointerMove={onPointerMove} onPointerUp={() => setHeld(null)} onPointerCancel={() => setHeld(null)}>
        {draft.map(({ member, number }, at) => (
          <li key={member.pupil.id} data-seat={at} className={styles.seat} data-held={held === member.pupil.id ? '' : undefined} data-changed={member.number === number ? undefined : ''}>
            <button
              type="button"
              className={styles.handle}
              aria-label={t`${fullName(member.pupil)}さんを動かす`}
              onKeyDown={(event) => onKeyDown(event, at)}
              onPointerDown={(event) => hold(event, member.pupil.id)}
            >
              <GripVertical aria-hidden size="1.25rem" strokeWidth={1.75} />
            </button>
            <span className={styles.number}>{number}</span>
            <Name person={member.pupil} ruby />
            {member.number !== number && (
              <span className={styles.before}>
                {member.number === null ? <Trans>いまは番号なし</Trans> : <Trans>いまは{member.number}番</Trans>}
              </span>
            )}
          </li>
        ))}
      </ol>
      <p className={styles.unseen} role="status">
        {said}
      </p>
    </>
  )
}
