import { Trans, useLingui } from '@lingui/react/macro'
import { useRead } from '~/api/useRead'
import { workDay } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { Facts } from '~/parts/Facts'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import { CannotRead, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import { BesideForm } from './BesideForm'
import { dayQuery, type Month, type MonthLine } from './data'
import styles from './Page.module.css'

interface WhyDialogProps {
  readonly month: Month
  readonly line: MonthLine
  readonly day: number
  readonly onClose: () => void
}

/** A cell explains itself: who said what, when, and which of it holds; and the way to the roll, where it is mended. */
export default function WhyDialog({ month, line, day, onClose }: WhyDialogProps) {
  const { t } = useLingui()
  const { on, words } = month.days[day]!
  const { data, error, again } = useRead(dayQuery(month.class_id, on))
  const member = data?.members.find(({ pupil }) => pupil.id === line.pupil.id)
  return (
    <Dialog open onClose={onClose} title={`${fullName(line.pupil)} ${workDay(on)}`}>
      <div className={styles.why}>
        {words.length > 0 && <p>{words.join('　')}</p>}
        {data ? (
          member ? (
            <Facts {...member.cell} reasons={data.reasons} date={on} />
          ) : (
            <p className={panel.aside}>
              <Trans>この日の一覧に、この子はいません。</Trans>
            </p>
          )
        ) : error ? (
          <CannotRead error={error} what={t`この日の記録`} onRetry={again} />
        ) : (
          <LoadingRows rows={3} />
        )}
        <BesideForm month={month} line={line} day={day} reasons={data?.reasons ?? []} onDone={onClose} />
        <div className={panel.bar}>
          <Goto href={`/classes/${month.class_id}/days/${on}/roll`}>
            <Trans>この日の朝の記録を開く</Trans>
          </Goto>
          <Button onPress={onClose}>
            <Trans>閉じる</Trans>
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
