import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { monthDay, timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import panel from '~/parts/Panel.module.css'
import type { Changed, Correction, Month } from './data'
import styles from './Page.module.css'

/** Children named one by one before the rest is only counted. */
const NAMED = 3

/** What is not as it was when the month was closed: corrected by somebody, or changed with the facts it stands on. */
export function AfterClosing({ month }: { readonly month: Month }) {
  const { corrections, changed } = month.closing
  return (
    <>
      {corrections.length > 0 && (
        <Block title={<Trans>締めたあとの訂正</Trans>} aside={<Plural value={corrections.length} other="#件" />}>
          <ul className={styles.told}>
            {corrections.map((one) => (
              <Corrected key={`${one.pupil.id} ${one.on} ${one.at}`} month={month} one={one} />
            ))}
          </ul>
        </Block>
      )}
      {changed.length > 0 && (
        <Block title={<Trans>締めたあとに変わった日</Trans>} aside={<Trans>訂正によらないもの</Trans>}>
          <ul className={styles.told}>
            {changed.map((one) => (
              <Became key={`${one.on} ${one.before} ${one.now} ${one.pupils[0]?.id}`} month={month} one={one} />
            ))}
          </ul>
        </Block>
      )}
    </>
  )
}

function Corrected({ month, one }: { readonly month: Month; readonly one: Correction }) {
  const { t } = useLingui()
  const [name, when, who] = [fullName(one.pupil), timeOf(one.at, ''), fullName(one.by)]
  const why = one.reason_text ? t`${one.reason}：${one.reason_text}` : one.reason
  return (
    <li>
      <Day month={month} on={one.on} />
      <span>{name}</span>
      <Values before={one.before} after={one.after} />
      <span>{why}</span>
      <span className={panel.aside}>
        <Trans>
          {when} {who}
        </Trans>
      </span>
    </li>
  )
}

function Became({ month, one }: { readonly month: Month; readonly one: Changed }) {
  const { t } = useLingui()
  const names = one.pupils.slice(0, NAMED).map(fullName).join(t`、`)
  const more = one.pupils.length - NAMED
  return (
    <li>
      <Day month={month} on={one.on} />
      <span>
        {names}
        {more > 0 && <Plural value={more} other=" ほか#人" />}
      </span>
      <Values before={one.before} after={one.now} />
      <span>{one.why}</span>
    </li>
  )
}

function Day({ month, on }: { readonly month: Month; readonly on: string }) {
  return <Goto href={`/classes/${month.class_id}/days/${on}/roll`}>{monthDay(on)}</Goto>
}

function Values({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    <span>
      <Trans>
        「{before}」 → <strong>「{after}」</strong>
      </Trans>
    </span>
  )
}
