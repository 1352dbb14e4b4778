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
  readonly look: Consequences
  readonly year: SchoolYear
  readonly onSave: () => void
  readonly onClose: () => void
}

/** What a change does, before it is made: days of each grade, lessons of classes, rolls taken already, meals. */
export function Consequence({ title, act, look, year, onSave, onClose }: ConsequenceProps) {
  return (
    <Dialog open wide onClose={onClose} title={title}>
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

function Told({ look, year }: { readonly look: Consequences; readonly year: SchoolYear }) {
  const closing = look.touched.filter(({ meets }) => !meets).length
  const opening = look.touched.length - closing
  const taken = look.touched.filter((one) => !one.meets && one.taken)
  const [kept, lost] = [taken.filter(({ counted }) => counted).length, taken.filter(({ counted }) => !counted).length]
  return (
    <>
      {taken.length > 0 && (
        <Strip kind="look">
          {lost > 0 && <Plural value={lost} other="休みにする日のうち、#学級の日はもう朝の記録が確定しています。記録は残りますが、授業日には数えません。" />}
          {kept > 0 && <Plural value={kept} other="学級閉鎖にする日のうち、#学級の日はもう朝の記録が確定しています。記録は残ります。" />}
        </Strip>
      )}
      <ul className={styles.days}>
        {Object.entries(look.days_after).map(([grade, after]) => {
          const before = look.days_before[grade] ?? 0
          return (
            <li key={grade} data-changed={before === after ? undefined : ''}>
              {gradeWord(grade)} <Trans>授業日数</Trans> {before === after ? <Trans>{after}日のまま</Trans> : <Trans>{before}日 → {after}日</Trans>}
            </li>
          )
        })}
      </ul>
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
