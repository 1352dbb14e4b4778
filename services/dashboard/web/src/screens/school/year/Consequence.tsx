import { Plural, Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import { workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { gradeWord } from '~/parts/grades'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import type { Consequences, SchoolYear } from './data'
import { touchedDays } from './rules'
import styles from './Page.module.css'

interface ConsequenceProps {
  readonly title: ReactNode
  /** Words of the button that saves. */
  readonly act: ReactNode
  /** Lines of the plan that it is about, as they were written. */
  readonly lines?: readonly (readonly string[])[]
  readonly look: Consequences
  readonly year: SchoolYear
  readonly onSave: () => void
  readonly onClose: () => void
}

/** What a change does, before it is made: days of each grade, lessons of classes, rolls taken already, meals. */
export function Consequence({ title, act, lines = [], look, year, onSave, onClose }: ConsequenceProps) {
  return (
    <Dialog open wide onClose={onClose} title={title}>
      {lines.length > 0 && <Lines of={lines} />}
      {look.changed ? (
        <Told look={look} year={year} />
      ) : (
        <p>
          <Trans>変わることはありません。もうこのとおりになっているか、もともと授業のない日です。</Trans>
        </p>
      )}
      <DialogButtons>
        {look.changed && (
          <Button look="filled" onPress={onSave} autoFocus>
            {act}
          </Button>
        )}
        <Button onPress={onClose} shortcut="Esc" autoFocus={!look.changed}>
          {look.changed ? <Trans>やめる</Trans> : <Trans>閉じる</Trans>}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

const SHOWN = 8

function Lines({ of }: { readonly of: readonly (readonly string[])[] }) {
  const more = of.length - SHOWN
  return (
    <ul className={styles.lines}>
      {of.slice(0, SHOWN).map((cells, i) => (
        <li key={i}>{cells.filter((cell) => cell.trim() !== '').join(' ')}</li>
      ))}
      {more > 0 && (
        <li>
          <Plural value={more} other="ほか#行" />
        </li>
      )}
    </ul>
  )
}

function Told({ look, year }: { readonly look: Consequences; readonly year: SchoolYear }) {
  const closing = look.touched.filter(({ meets }) => !meets).length
  const opening = look.touched.length - closing
  const taken = look.touched.filter((one) => !one.meets && one.taken)
  const grades = Object.entries(look.days_after)
  const others = grades.filter(([grade, after]) => (look.days_before[grade] ?? 0) === after)
  const [kept, lost] = [taken.filter(({ counted }) => counted).length, taken.filter(({ counted }) => !counted).length]
  return (
    <>
      {taken.length > 0 && (
        <Strip kind="look">
          {lost > 0 && <Plural value={lost} other="休みにする日のうち、#学級の日はもう朝の記録が確定しています。記録は残りますが、授業日には数えません。" />}
          {kept > 0 && <Plural value={kept} other="学級閉鎖にする日のうち、#学級の日はもう朝の記録が確定しています。記録は残ります。" />}
        </Strip>
      )}
      {others.length < grades.length && (
        <ul className={styles.days}>
          {grades.flatMap(([grade, after]) => {
            const before = look.days_before[grade] ?? 0
            return before === after ? [] : [
              <li key={grade} data-changed="">
                {gradeWord(grade)} <Trans>授業日数</Trans> <Trans>{before}日 → {after}日</Trans>
              </li>,
            ]
          })}
        </ul>
      )}
      {others.length > 0 && <p>{others.length === grades.length ? <Trans>授業日数は、どの学年も変わりません。</Trans> : <Trans>ほかの学年の授業日数は変わりません。</Trans>}</p>}
      {look.touched.length === 0 ? (
        <p>
          <Trans>学級の授業のある日は変わりません。行事や休みの名前だけが変わります。</Trans>
        </p>
      ) : (
        <p>
          {closing > 0 && <Plural value={closing} other="授業がなくなるのは、のべ#学級の日です。" />} {opening > 0 && <Plural value={opening} other="授業が加わるのは、のべ#学級の日です。" />}{' '}
          {look.meals < 0 && <Plural value={-look.meals} other="給食は、のべ#食減ります。" />}
          {look.meals > 0 && <Plural value={look.meals} other="給食は、のべ#食増えます。" />}
        </p>
      )}
      {look.touched.some(({ meets, counted }) => !meets && counted) && (
        <p>
          <Trans>学級閉鎖の日も、学年の授業日です。授業日数は減りません。</Trans>
        </p>
      )}
      {look.touched.length > 0 && (
        <ul className={styles.touched}>
          {touchedDays(look.touched, year).map(({ on, meets, classes, taken }) => (
            <li key={`${on} ${meets}`}>
              <span className={panel.whole}>{workDay(on)}</span> {classes} {meets ? <Trans>授業が加わる</Trans> : <Trans>授業がなくなる</Trans>}
              {taken && (
                <span className={panel.wait}>
                  <Trans>（記録ずみ）</Trans>
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
