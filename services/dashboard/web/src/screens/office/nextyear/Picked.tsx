import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Button } from '~/parts/Button'
import { Choose } from '~/parts/Field'
import type { PlannedClass } from './data'
import styles from './Page.module.css'

interface PickedProps {
  /** How many children are chosen. */
  readonly n: number
  readonly rooms: readonly PlannedClass[]
  readonly onSeat: (room: string | null) => void
  readonly onWish: (kind: 'apart' | 'together') => void
  readonly onDrop: () => void
}

const NOWHERE = 'none'

/** What can be done with the children who are chosen, also by a finger, which cannot drag them. */
export function Picked({ n, rooms, onSeat, onWish, onDrop }: PickedProps) {
  const { t } = useLingui()
  return (
    <div className={styles.picked} role="group" aria-label={t`えらんだ子`}>
      <Choose
        label={<Plural value={n} other="えらんだ#人を移す" />}
        value=""
        onChange={(room) => room !== '' && onSeat(room === NOWHERE ? null : room)}
        options={[{ value: '', word: t`学級をえらんでください` }, ...rooms.map(({ id, name }) => ({ value: id, word: name })), { value: NOWHERE, word: t`まだ決まっていない子` }]}
      />
      {n > 1 && (
        <>
          <Button size="small" onPress={() => onWish('apart')}>
            <Trans>べつの学級に</Trans>
          </Button>
          <Button size="small" onPress={() => onWish('together')}>
            <Trans>同じ学級に</Trans>
          </Button>
        </>
      )}
      <Button look="text" size="small" onPress={onDrop}>
        <Trans>えらぶのをやめる</Trans>
      </Button>
    </div>
  )
}
