import { useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMe } from '~/app/me'
import { useScreen, type KeyHelp } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { sourceWord } from '~/api/problem'
import type { Roll, RollAnswer, RollCommand, RollMember } from '~/api/types'
import { timeOf, workDay } from '~/dates/dates'
import { nowIso } from '~/dates/clock'
import { Grid } from '~/grid/Grid'
import type { Order } from '~/grid/keys'
import { mayEdit, valueAt, type Action, type CellKey, type Draft, type GridState, type Row } from '~/grid/model'
import { keepDraft } from '~/outbox/drafts'
import type { Entry } from '~/outbox/rules'
import { outbox, useOutboxOf } from '~/outbox/useOutbox'
import { later } from '~/parts/later'
import { LoadingRows } from '~/parts/States'
import { useMedia } from '~/parts/useMedia'
import { Bar } from './Bar'
import { addressOf, rollPath, rollQuery } from './data'
import {
  announced, applyAnswer, ATTENDANCE, bodyOf, confirmCommand, conflicts, decided, draftMarks, draftsOf, isTaken, presentCode, pupilKey, refusedNumbers,
  syncState, takenAlong, type Conflict,
} from './rules'
import { Notices } from './Notices'
import { useTold } from './told'
import { useRollGrid } from './useRollGrid'
import { markWord } from './words'
import styles from './Page.module.css'

const Cards = later(() => import('./Cards'))
const Told = later(() => import('./Told'))
const CellPanel = later(() => import('./CellPanel'))
const Correction = later(() => import('./Correction'))

/** What the panel beside a cell is open for. */
interface OpenPanel {
  readonly row: number
  readonly keys: 'grid' | 'marks' | 'why'
}

export function RollWork({ roll }: { readonly roll: Roll }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const path = rollPath(roll.class.id, roll.date)
  const screen = addressOf(roll.class.id, roll.date)
  const draftKey = `${me.person.id} ${path}`
  const entries = useOutboxOf(me.person.id, 'roll', path)
  const [state, dispatch] = useRollGrid(roll, entries, draftKey)
  const [panel, setPanel] = useState<OpenPanel | null>(null)
  /** How often somebody wanted to go on past a choice that comes first. */
  const [asked, setAsked] = useState(0)
  const [correcting, setCorrecting] = useState<{ readonly member: RollMember; readonly to: string | null; readonly over?: Conflict } | null>(null)
  const phone = useMedia('screen and (max-width: 47.9375em)')
  const members = useMemo(() => new Map(roll.members.map((member) => [member.pupil.id, member])), [roll.members])
  const open = useMemo(() => conflicts(roll, state, entries), [roll, state, entries])
  const taken = isTaken(roll, entries)
  const present = presentCode(roll.symbols)
  const { told, unread, markRead, again } = useTold(roll)
  const replied = () => {
    again()
    focusGrid() // the words' form is gone
  }
  useRollScreen(roll)

  useEffect(
    () =>
      outbox.onDone(({ entry, answer }) => {
        if (entry.kind !== 'roll' || entry.path !== path) return
        const { queryKey } = rollQuery(roll.class.id, roll.date)
        queries.setQueryData(queryKey, (before) => before && applyAnswer(before, answer as RollAnswer, bodyOf(entry)))
      }),
    [path, queries, roll.class.id, roll.date],
  )

  // Only when it has left the outbox: until then its marks count as on their way.
  const returning = useRef<Entry | null>(null)
  useEffect(() => {
    const back = returning.current
    if (!back || entries.some(({ id }) => id === back.id)) return
    returning.current = null
    dispatch({ type: 'restore', drafts: draftsOf(back) })
    focusGrid()
  }, [entries, dispatch])

  /** `drafts` go with it: until the device has stored it they are kept as drafts, and typing goes on over them. */
  async function send(body: RollCommand, drafts: ReadonlyMap<CellKey, Draft>) {
    if (!body.marks.length && !body.taken) return
    const [name, day] = [roll.class.name, workDay(roll.date)]
    dispatch({ type: 'leave', drafts })
    try {
      await outbox.add({ kind: 'roll', path, body, screen, label: t`${name} ${day}の朝の記録` })
      dispatch({ type: 'left', drafts })
    } catch (error) {
      dispatch({ type: 'left', drafts })
      dispatch({ type: 'restore', drafts })
      throw error
    }
  }

  const confirming = useRef(false)
  async function confirm(now: GridState) {
    if (open.length || unread.length) setAsked(asked + 1)
    if (open.length || unread.length || now.shape.locked || present === null || confirming.current) return
    confirming.current = true // until it is stored, and the roll locked by it
    const body = confirmCommand(now, present, nowIso(), announced(roll))
    await send(body, takenAlong(now, body)).finally(() => (confirming.current = false))
    focusGrid() // the button is gone, and corrections are made by keys
  }

  /** What waits for a choice is not saved, and says so. */
  function save(now: GridState) {
    if (open.length) setAsked(asked + 1)
    if (now.shape.locked) return
    const body = { marks: draftMarks(now), taken: false, claimed_at: nowIso() }
    void send(body, takenAlong(now, body))
  }

  /** After 確定 every entry is a correction and asks for its reason; before, it is simply entered. */
  function act(action: Action) {
    setPanel(null)
    const cell = action.type === 'enter' ? action.cells[0] : undefined
    const member = cell && members.get(state.shape.rows[cell.row]?.id ?? '')
    if (cell && member && taken && action.type === 'enter' && action.cells.length === 1) startCorrection(member, cell.value)
    else dispatch(action.type === 'enter' ? { ...action, at: nowIso() } : action)
  }

  function startCorrection(member: RollMember, to: string | null, over?: Conflict) {
    if (roll.may.correct && !member.exchange && roll.closed === null) setCorrecting(over ? { member, to, over } : { member, to })
    else dispatch({ type: 'say', said: { kind: 'locked' } })
  }

  function order(what: Order, now: GridState) {
    const { row } = now.cursor
    if (what === 'confirm') void confirm(now)
    else if (what === 'save') save(now)
    else setPanel({ row, keys: what === 'point' ? 'grid' : what === 'marks' ? 'marks' : 'why' })
  }

  function decide(conflict: Conflict, choice: 'mine' | 'theirs') {
    const member = members.get(conflict.pupil)
    setAsked(0)
    // A correction that has no reason yet: the question stays until it has one, and is sent.
    if (choice === 'mine' && member && taken && conflict.reason === null) {
      // What was decided over is what the question told, also where it has not been read yet.
      startCorrection({ ...member, cell: { ...member.cell, code: conflict.theirs, revision: conflict.revision } }, conflict.mine, conflict)
      return
    }
    answered(conflict)
    if (choice === 'mine' && member) {
      const mark = { pupil: conflict.pupil, seen: conflict.revision, code: conflict.mine, reason: conflict.reason }
      const draft = { value: mark.code, seen: mark.seen, at: conflict.mineAt }
      // Where it is taken the cell has no draft: a correction that cannot be stored is no entry of before.
      void send({ marks: [mark], taken: false, claimed_at: nowIso() }, taken ? new Map() : new Map([[pupilKey(conflict.pupil), draft]]))
    }
    focusGrid()
  }

  /** Nothing of the question is left. */
  function answered(conflict: Conflict) {
    if (conflict.entry !== null) void outbox.amend(conflict.entry, (entry) => decided(entry, conflict.pupil))
    dispatch({ type: 'release', cells: [pupilKey(conflict.pupil)] })
  }

  /** A refused command becomes drafts again, with the cursor on the first cell that was named. */
  function takeBack(entry: Entry) {
    const [first] = refusedNumbers([entry])
    const row = state.shape.rows.findIndex(({ number, editable }) => editable && number === first)
    if (row >= 0) dispatch({ type: 'go', row, col: 0 })
    returning.current = entry
    // Before it leaves the outbox: a reload in between loses nothing.
    for (const [cell, draft] of draftsOf(entry)) if (!state.drafts.has(cell)) keepDraft(draftKey, cell, draft)
    void outbox.amend(entry.id, () => null)
  }

  const note = useCellNotes(roll, members, open, entries, state)
  const row = panel && state.shape.rows[panel.row]
  const member = row && members.get(row.id)
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  const onAct = useCallback((action: Action) => latest.current(action), [])

  return (
    <>
      <Notices
        roll={roll}
        rows={state.shape.rows}
        entries={entries}
        conflicts={open}
        asked={asked}
        onDecide={decide}
        onTakeBack={takeBack}
        onRetry={(entry) => void outbox.retry(entry.id)}
      />
      {told.length > 0 && (
        <Suspense>
          <Told roll={roll} told={told} unread={unread} asked={open.length ? 0 : asked} onRead={markRead} onReplied={replied} />
        </Suspense>
      )}
      <div className={styles.work}>
        {phone ? (
          <Suspense fallback={<LoadingRows rows={8} />}>
            <Cards roll={roll} state={state} members={members} onAct={onAct} correctable={taken && roll.may.correct && roll.closed === null} />
          </Suspense>
        ) : (
          <Grid
            label={t`${roll.class.name}の出欠`}
            state={state}
            unrecorded={roll.closed ? '―' : t`未入力`}
            onAct={onAct}
            onOrder={order}
            note={note}
            autoFocus
          />
        )}
      </div>
      <Bar
        roll={roll}
        state={state}
        sync={syncState(roll, entries)}
        unsent={entries.filter((entry) => entry.state === 'waiting').length}
        undecided={open.length + unread.length}
        here={phone ? undefined : (members.get(state.shape.rows[state.cursor.row]?.id ?? '') ?? null)}
        onConfirm={() => void confirm(state)}
        onSave={() => save(state)}
        onCorrect={(one) => startCorrection(one, null)}
      />
      <Suspense>
        {panel && row && member && (
          <CellPanel
            roll={roll}
            member={member}
            row={panel.row}
            value={valueAt(state, row.id, ATTENDANCE)}
            keys={panel.keys}
            may={mayEdit(state.shape, panel.row) || (taken && roll.may.correct && row.editable && roll.closed === null)}
            onChoose={(value) => act({ type: 'enter', cells: [{ row: panel.row, col: 0, value }] })}
            onClose={() => setPanel(null)}
          />
        )}
        {correcting && (
          <Correction
            roll={roll}
            member={newer(correcting.member, members)}
            opened={correcting.member.cell.revision}
            to={correcting.to}
            onClose={() => setCorrecting(null)}
            onSend={(code, reason, seen) => {
              const { pupil } = correcting.member
              setCorrecting(null)
              if (correcting.over) {
                answered(correcting.over)
                focusGrid() // the button that opened it is gone
              }
              void send({ marks: [{ pupil: pupil.id, seen, code, reason }], taken: false, claimed_at: nowIso() }, new Map())
            }}
          />
        )}
      </Suspense>
    </>
  )
}

/** What stands after a mark: the other person's value, a contradiction, or who said it when it was not the class. */
function useCellNotes(roll: Roll, members: ReadonlyMap<string, RollMember>, open: readonly Conflict[], entries: readonly Entry[], state: GridState) {
  const { t } = useLingui()
  const refused = useMemo(() => refusedNumbers(entries), [entries])
  return useCallback(
    (row: Row) => {
      const member = members.get(row.id)
      const conflict = open.find(({ pupil }) => pupil === row.id)
      // A correction that was refused stands in no cell: there the cell has theirs.
      if (conflict) return { look: 'stale' as const, note: `≠ ${markWord(roll.symbols, valueAt(state, row.id, ATTENDANCE) === conflict.theirs ? conflict.mine : conflict.theirs)}` }
      if (row.editable && row.number !== null && refused.has(row.number)) return { look: 'wrong' as const, note: t`届いていません` }
      if (!member) return { look: undefined, note: '' }
      if (member.cell.contradiction !== null) return { look: 'clash' as const, note: t`要確認` }
      // What the family told stays in sight after 確定, when the class's own word holds.
      const { explain } = member.cell
      const fact = explain.find(({ holds, source }) => holds && source !== 'teacher') ?? explain.find(({ source, code, to_read }) => source === 'notice' && (code !== null || to_read))
      const said = fact ? `${sourceWord(fact.source)} ${timeOf(fact.at, roll.date)}` : ''
      const home = member.exchange && member.cell.code === null ? member.home_class?.name : undefined
      return { look: undefined, note: said || (home === undefined ? '' : t`${home}で記録`) }
    },
    [roll.symbols, roll.date, members, open, refused, state, t],
  )
}

/** The child as it is read now; what was told of it may be newer. */
function newer(told: RollMember, members: ReadonlyMap<string, RollMember>): RollMember {
  const read = members.get(told.pupil.id)
  return read && read.cell.revision > told.cell.revision ? read : told
}

/** After an act outside the grid the hands go back to it. */
function focusGrid() {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[role=grid] [data-cursor]')?.focus())
}

function useRollScreen(roll: Roll) {
  const { t } = useLingui()
  const turns = useTurns(roll.date, (day) => addressOf(roll.class.id, day))
  const marks = roll.symbols.map(({ key, word }): KeyHelp => ({ keys: key === ' ' || key === '␣' ? t`スペース` : key, word }))
  useScreen(
    `${t`朝の記録`} ${roll.class.name} ${workDay(roll.date)}`,
    [
      { keys: t`1 2 …`, word: t`出席番号の子へ` },
      ...marks,
      { keys: 'Delete', word: t`未入力に戻す` },
      { keys: 'Ctrl+Enter', word: t`残りを出席にして確定` },
      { keys: 'Ctrl+S', word: t`ここまでを保存` },
      { keys: 'Ctrl+Z', word: t`元に戻す（Ctrl+Shift+Z でやり直す）` },
      { keys: '↑ ↓ ← →', word: t`うごく（Enter は下、Shift+Enter は上）` },
      { keys: 'F2', word: t`印をえらぶ` },
      { keys: 'Ctrl+I', word: t`経過を見る（だれが・いつ）` },
      ...turns.keys,
    ],
    turns.jumps,
  )
}

