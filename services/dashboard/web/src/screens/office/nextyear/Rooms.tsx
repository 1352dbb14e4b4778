import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useState, type DragEvent, type KeyboardEvent } from 'react'
import { isImeKey } from '~/grid/ime'
import { Button } from '~/parts/Button'
import { fullName, kanaOf } from '~/parts/Name'
import type { Candidate, Plan, PlannedClass } from './data'
import { broken, limitOf } from './rules'
import styles from './Page.module.css'

/** What a dragged child is called: a word or a file from elsewhere is none. */
const CHILD = 'application/x-tsumugi-pupil'

interface RoomsProps {
  readonly plan: Plan
  readonly here: readonly Candidate[]
  readonly rooms: readonly PlannedClass[]
  readonly picked: readonly string[]
  readonly onPick: (pupils: readonly string[]) => void
  readonly onSeat: (pupils: readonly string[], room: string | null) => void
}

/** The classes of a grade side by side: drag a child, or choose with the keyboard and press an arrow. */
export function Rooms({ plan, here, rooms, picked, onPick, onSeat }: RoomsProps) {
  const { t } = useLingui()
  const [said, setSaid] = useState('')
  const columns: readonly (PlannedClass | null)[] = [null, ...rooms]
  const unkept = new Set(broken(plan).flatMap(({ pupils }) => pupils))
  const at = (one: Candidate) => plan.seats[one.pupil.id]?.class_id ?? null

  function seat(pupils: readonly string[], room: PlannedClass | null) {
    onSeat(pupils, room?.id ?? null)
    const name = room?.name ?? t`まだ決まっていない子`
    setSaid(t`${pupils.length}人を${name}へ`)
  }

  function keys(event: KeyboardEvent, one: Candidate) {
    if (isImeKey(event.nativeEvent)) return
    const turn = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (turn !== 0) {
      event.preventDefault()
      const now = columns.findIndex((room) => (room?.id ?? null) === at(one))
      const next = columns[now + turn]
      if (next !== undefined) seat(picked.includes(one.pupil.id) ? picked : [one.pupil.id], next)
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const all = [...(event.currentTarget.closest('ul')?.querySelectorAll('button') ?? [])]
      all[all.indexOf(event.currentTarget as HTMLButtonElement) + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
    }
  }

  return (
    <>
    {rooms.length > 1 && <Jumps rooms={columns.filter((room) => room !== null || here.some((one) => at(one) === null))} />}
    <div className={styles.rooms} data-unplanned={rooms.length === 0 ? '' : undefined} role="region" aria-label={t`学級`} tabIndex={0}>
      {columns.map((room) => (
        <Room
          key={room?.id ?? 'none'}
          room={room}
          members={here.filter((one) => at(one) === (room?.id ?? null)).toSorted((a, b) => (plan.seats[a.pupil.id]?.number ?? 99) - (plan.seats[b.pupil.id]?.number ?? 99))}
          onDropped={(pupil) => {
            // Another tab of the same page may show another school, or another grade.
            if (here.some((one) => one.pupil.id === pupil)) seat(picked.includes(pupil) ? picked : [pupil], room)
          }}
        >
          {(one) => (
            <button
              type="button"
              draggable
              className={styles.child}
              aria-pressed={picked.includes(one.pupil.id)}
              data-broken={unkept.has(one.pupil.id) ? '' : undefined}
              onClick={() => onPick(picked.includes(one.pupil.id) ? picked.filter((id) => id !== one.pupil.id) : [...picked, one.pupil.id])}
              onKeyDown={(event) => keys(event, one)}
              onDragStart={(event) => {
                event.dataTransfer.setData(CHILD, one.pupil.id)
                event.dataTransfer.effectAllowed = 'move'
              }}
            >
              <span className={styles.number}>{plan.seats[one.pupil.id]?.number ?? ''}</span>
              <span>
                {fullName(one.pupil)}
                {rooms.length === 0 && (
                  <span className={styles.kana} aria-hidden="true">
                    {kanaOf(one.pupil)}
                  </span>
                )}
              </span>
              <span className={styles.before}>{one.comes_from || `${one.before}${one.before_number ?? ''}`}</span>
            </button>
          )}
        </Room>
      ))}
      <p role="status" className={styles.said}>
        {said}
      </p>
    </div>
    </>
  )
}

const idOf = (room: PlannedClass | null) => `room-${room?.id ?? 'none'}`

/** On a phone one class fills the screen: which others there are, and the way to them. */
function Jumps({ rooms }: { readonly rooms: readonly (PlannedClass | null)[] }) {
  const { t } = useLingui()
  return (
    <div className={styles.jumps} role="group" aria-label={t`学級へうつる`}>
      {rooms.map((room) => (
        <Button key={idOf(room)} size="small" onPress={() => document.getElementById(idOf(room))?.scrollIntoView({ inline: 'start', block: 'nearest' })}>
          {room?.name ?? t`まだ`}
        </Button>
      ))}
    </div>
  )
}

interface RoomProps {
  readonly room: PlannedClass | null
  readonly members: readonly Candidate[]
  readonly onDropped: (pupil: string) => void
  readonly children: (one: Candidate) => React.ReactNode
}

function Room({ room, members, onDropped, children }: RoomProps) {
  const [over, setOver] = useState(false)
  const count = (sex: string) => members.filter((one) => one.sex === sex).length
  const dragged = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(CHILD)) return
    event.preventDefault()
    setOver(true)
  }
  return (
    <section
      id={idOf(room)}
      className={styles.room}
      data-empty={room === null && members.length === 0 ? '' : undefined}
      data-over={over ? '' : undefined}
      onDragOver={dragged}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        onDropped(event.dataTransfer.getData(CHILD))
      }}
    >
      <div className={styles.head}>
        <h2>{room ? room.name : <Trans>まだ決まっていない子</Trans>}</h2>
        <span className={styles.count} data-full={room && members.length > limitOf(room) ? '' : undefined}>
          <Plural value={members.length} other="#人" />{' '}
          <Trans>
            男{count('male')} 女{count('female')}
          </Trans>
          {room && members.length > limitOf(room) && <Trans>（上限{limitOf(room)}人）</Trans>}
        </span>
      </div>
      <ul className={styles.children}>
        {members.map((one) => (
          <li key={one.pupil.id}>{children(one)}</li>
        ))}
      </ul>
    </section>
  )
}
