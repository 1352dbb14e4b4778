import { Trans, useLingui } from '@lingui/react/macro'
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react'
import { Popover } from 'react-aria-components'
import type { Roll, RollMember } from '~/api/types'
import { letterOf } from '~/grid/ime'
import { Facts } from '~/parts/Facts'
import { fullName } from '~/parts/Name'
import { StatusMark } from '~/parts/StatusMark'
import { choiceOf } from './rules'
import styles from './CellPanel.module.css'

interface CellPanelProps {
  readonly roll: Roll
  readonly member: RollMember
  /** Index of the cell's row in the grid. */
  readonly row: number
  readonly value: string | null
  /** Where the keys are: still in the grid (opened by the mouse), on the marks, or on the reading. */
  readonly keys: 'grid' | 'marks' | 'why'
  readonly may: boolean
  readonly onChoose: (code: string | null) => void
  readonly onClose: () => void
}

/** Beside a cell: the marks with their keys for the mouse, and who said what. The grid's keys go on working under it. */
export default function CellPanel({ roll, member, row, value, keys, may, onChoose, onClose }: CellPanelProps) {
  const { t } = useLingui()
  const cell = useMemo(() => ({ current: document.querySelector<HTMLElement>(`[data-cell="${row}-0"]`) }), [row])
  const inside = useRef<HTMLDivElement>(null)
  const marks = useRef<HTMLDivElement>(null)
  const name = fullName(member.pupil)

  useEffect(() => {
    if (keys === 'grid') return
    const first = keys === 'marks' && marks.current
    const target = first ? (first.querySelector<HTMLElement>('[aria-pressed=true]') ?? first.querySelector('button')) : inside.current
    target?.focus()
  }, [keys])

  function close() {
    onClose()
    cell.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>) {
    const buttons = [...(marks.current?.querySelectorAll('button') ?? [])]
    const at = buttons.findIndex((button) => button === document.activeElement)
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
    const typed = roll.symbols.map(choiceOf).find(({ key }) => key !== ' ' && key.toUpperCase() === letterOf(event))
    if (event.key === 'Escape') close()
    else if (step !== undefined) buttons[(at + step + buttons.length) % buttons.length]?.focus()
    else if (typed && may) onChoose(typed.code)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <Popover isOpen isNonModal triggerRef={cell} placement="bottom start" offset={4} onOpenChange={(open) => !open && onClose()} className={styles.panel!}>
      {/* Arrow keys and letters inside the panel; each mark is a button of its own. */}
      <div ref={inside} role="dialog" aria-label={t`${name}さんの印と経過`} tabIndex={-1} onKeyDown={onKeyDown} className={styles.inside}>
        <p className={styles.title}>{name}</p>
        {may && (
          <div ref={marks} className={styles.marks} role="group" aria-label={t`印`}>
            {roll.symbols.map(choiceOf).map(({ code, key, glyph, word, tint }) => (
              <button key={code} type="button" className={styles.mark} aria-pressed={code === value} onClick={() => onChoose(code)}>
                <StatusMark glyph={glyph} word={word} tint={tint} />
                <kbd className={styles.key}>{key === ' ' ? t`スペース` : key}</kbd>
              </button>
            ))}
            <button type="button" className={styles.mark} aria-pressed={value === null} onClick={() => onChoose(null)}>
              <Trans>未入力に戻す</Trans>
              <kbd className={styles.key}>Del</kbd>
            </button>
          </div>
        )}
        <Facts {...member.cell} reasons={roll.reasons} date={roll.date} />
      </div>
    </Popover>
  )
}
