import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import type { Roll, RollMember } from '~/api/types'
import { valueAt, type Action, type GridState, type Row } from '~/grid/model'
import { Dialog } from '~/parts/Dialog'
import { Facts } from '~/parts/Facts'
import { Name } from '~/parts/Name'
import { StatusMark } from '~/parts/StatusMark'
import { ATTENDANCE, choiceOf, presentCode, pupilKey } from './rules'
import styles from './Cards.module.css'

interface CardsProps {
  readonly roll: Roll
  readonly state: GridState
  readonly members: ReadonlyMap<string, RollMember>
  readonly onAct: (action: Action) => void
  /** True after 確定, where a choice asks for its reason. */
  readonly correctable: boolean
}

/** The roll on a phone: one card per exception, and a pad of numbers to find a child. Not a shrunken grid. */
export default function Cards({ roll, state, members, onAct, correctable }: CardsProps) {
  const { t } = useLingui()
  const [row, setRow] = useState<number | null>(null)
  const present = presentCode(roll.symbols)
  const value = (one: Row) => valueAt(state, one.id, ATTENDANCE)
  const rows = state.shape.rows
  const exceptions = rows.flatMap((one, i) => (value(one) !== null && value(one) !== present ? [i] : []))
  const closed = roll.closed !== null
  const opened = row === null ? undefined : rows[row]
  return (
    <div className={styles.cards}>
      {(exceptions.length > 0 || !closed) && (
        <section className={styles.part}>
          <h2 className={styles.title}>
            <Trans>欠席・遅刻などの子</Trans> <span className={styles.n}>{<Plural value={exceptions.length} other="#人" />}</span>
          </h2>
          {exceptions.length === 0 ? (
            <p className={styles.none}>
              {correctable || !state.shape.locked ? (
                <Trans>欠席や遅刻の子の番号を、下から押してください。</Trans>
              ) : (
                <Trans>いまのところ、欠席・遅刻・早退の子はいません。</Trans>
              )}
            </p>
          ) : (
            <ul className={styles.list}>
              {exceptions.map((i) => (
                <li key={rows[i]!.id}>
                  <Card row={rows[i]!} roll={roll} state={state} member={members.get(rows[i]!.id)} onOpen={() => setRow(i)} />
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      <section className={styles.part}>
        <h2 className={styles.title}>
          {closed ? <Trans>学級の子</Trans> : correctable ? <Trans>番号をえらんで訂正する</Trans> : <Trans>番号からえらぶ</Trans>}
        </h2>
        {correctable && (
          <p className={styles.none}>
            <Trans>確定したあとも、番号を押すと印を訂正できます。</Trans>
          </p>
        )}
        <ul className={styles.pad}>
          {rows.map((one, i) => {
            const mark = roll.symbols.find(({ code, tint }) => code === value(one) && tint !== 'none')
            return (
              <li key={one.id}>
                <button
                  type="button"
                  className={styles.pupil}
                  data-set={value(one) === null ? undefined : ''}
                  data-tint={mark?.tint}
                  data-open={one.editable && (correctable || !state.shape.locked) ? '' : undefined}
                  data-foreign={one.editable ? undefined : ''}
                  disabled={closed}
                  onClick={() => setRow(i)}
                >
                  <span className={styles.number}>
                    {one.number ?? t`交流`} {mark && <span className={styles.glyph}>{mark.glyph}</span>}
                  </span>
                  <span className={styles.short}>{shortName(one, members)}</span>
                </button>
              </li>
            )
          })}
        </ul>
      </section>
      {opened && row !== null && (
        <Choose
          roll={roll}
          row={opened}
          member={members.get(opened.id)}
          value={value(opened)}
          may={opened.editable && (!state.shape.locked || correctable)}
          correcting={correctable}
          onClose={() => setRow(null)}
          onChoose={(code) => {
            setRow(null)
            onAct({ type: 'enter', cells: [{ row, col: 0, value: code }] })
          }}
        />
      )}
    </div>
  )
}

/** The family name; with the first character of the given name where two children share it. */
function shortName(row: Row, members: ReadonlyMap<string, RollMember>): string {
  const pupil = members.get(row.id)?.pupil
  if (!pupil?.family) return row.name
  const twins = [...members.values()].filter((other) => other.pupil.family === pupil.family).length > 1
  const [first = ''] = [...new Intl.Segmenter('ja').segment(pupil.given)].map(({ segment }) => segment)
  return twins ? `${pupil.family} ${first}` : pupil.family
}

interface CardProps {
  readonly row: Row
  readonly roll: Roll
  readonly state: GridState
  readonly member: RollMember | undefined
  readonly onOpen: () => void
}

function Card({ row, roll, state, member, onOpen }: CardProps) {
  const mark = roll.symbols.find(({ code }) => code === valueAt(state, row.id, ATTENDANCE))
  return (
    <button type="button" className={styles.card} data-draft={state.drafts.has(pupilKey(row.id)) ? '' : undefined} onClick={onOpen}>
      <span className={styles.number}>{row.number}</span>
      <span className={styles.who}>
        <Name person={member?.pupil ?? null} ruby />
        {row.tag !== '' && <small className={styles.tag}>{row.tag}</small>}
      </span>
      {mark && <StatusMark glyph={mark.glyph} word={mark.word} tint={mark.tint} />}
    </button>
  )
}

interface ChooseProps {
  readonly roll: Roll
  readonly row: Row
  readonly member: RollMember | undefined
  readonly value: string | null
  readonly may: boolean
  /** True where the choice leads on to its reason. */
  readonly correcting: boolean
  readonly onClose: () => void
  readonly onChoose: (code: string | null) => void
}

function Choose({ roll, row, member, value, may, correcting, onClose, onChoose }: ChooseProps) {
  const { number, name } = row
  return (
    <Dialog open onClose={onClose} title={number === null ? name : <Trans>{number}番 {name}</Trans>}>
      {row.tag !== '' && <p className={styles.tag}>{row.tag}</p>}
      {may && correcting && (
        <p className={styles.none}>
          <Trans>新しい印を押すと、つぎにわけを聞きます。</Trans>
        </p>
      )}
      {may && (
        <div className={styles.choices}>
          {roll.symbols.map(choiceOf).map(({ code, glyph, word, tint }) => (
            <button key={code} type="button" className={styles.choice} aria-pressed={code === value} onClick={() => onChoose(code)}>
              <StatusMark glyph={glyph} word={word} tint={tint} />
            </button>
          ))}
          {value !== null && (
            <button type="button" className={styles.choice} onClick={() => onChoose(null)}>
              <Trans>未入力に戻す</Trans>
            </button>
          )}
        </div>
      )}
      {member && <Facts {...member.cell} reasons={roll.reasons} date={roll.date} />}
    </Dialog>
  )
}
