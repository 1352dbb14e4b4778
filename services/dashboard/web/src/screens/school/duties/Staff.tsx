import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { monthDay, type Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName, kanaOf } from '~/parts/Name'
import type { Duty, SchoolDuties } from './data'
import type { Deciding } from './Page'
import { dutyWords, lastDay, mayEnd } from './rules'
import styles from './Page.module.css'

interface StaffProps {
  readonly page: SchoolDuties
  readonly onDecide: (what: Deciding) => void
}

/** Everybody with a duty here on that day or later, in kana order, and since when they hold it. */
export function Staff({ page, onDecide }: StaffProps) {
  return (
    <Block title={<Trans>職員と職務</Trans>} aside={<Plural value={page.staff.length} other="#人（五十音順）" />}>
      {page.may.give && (
        <div>
          <Button onPress={() => onDecide({ act: 'give' })}>
            <Trans>職務を決める</Trans>
          </Button>
        </div>
      )}
      <ul className={styles.staff}>
        {page.staff.map(({ person, duties }) => (
          <li key={person.id} className={styles.person}>
            <span className={styles.name}>
              {fullName(person)}
              <span className={styles.kana} aria-hidden="true">
                {kanaOf(person)}
              </span>
            </span>
            <ul>
              {duties.map((duty) => (
                <DutyLine key={duty.id} duty={duty} onEnd={mayEnd(duty, page) ? () => onDecide({ act: 'end', duty }) : null} />
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Block>
  )
}

function DutyLine({ duty, onEnd }: { readonly duty: Duty; readonly onEnd: (() => void) | null }) {
  const { t } = useLingui()
  const [who, what] = [fullName(duty.staff), dutyWords(duty)]
  return (
    <li className={styles.duty} data-later={duty.holds ? undefined : ''}>
      <span>{what}</span>
      <span className={styles.span}>
        <Span since={duty.since} until={duty.until} />
      </span>
      {onEnd && (
        <Button look="text" size="small" onPress={onEnd} aria-label={t`${who}さんの${what}を終える`}>
          <Trans>終える</Trans>
        </Button>
      )}
    </li>
  )
}

/** From the first day to the last one; a single day by itself. The end of a school year goes without saying. */
export function Span({ since, until }: { readonly since: Day; readonly until: Day | null }) {
  const last = lastDay(until)
  const [from, to] = [monthDay(since), last === null ? '' : monthDay(last)]
  if (last === since) return <Trans>{from}だけ</Trans>
  return last === null || last.endsWith('-03-31') ? <Trans>{from}から</Trans> : <Trans>{from}〜{to}</Trans>
}
