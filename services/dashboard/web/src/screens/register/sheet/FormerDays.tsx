import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Suspense, useState } from 'react'
import { workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { later } from '~/parts/later'
import panel from '~/parts/Panel.module.css'
import type { Year, YearLine } from './data'
import styles from './Page.module.css'

const FormerDialog = later(() => import('./FormerDialog'))

/** Children who came during the year: what their former schools counted, and the way to enter it. */
export function FormerDays({ year }: { readonly year: Year }) {
  const { t } = useLingui()
  const [asked, setAsked] = useState<string | null>(null)
  const came = year.lines.filter((line) => line.former !== null || (line.came && year.may_former))
  const line = came.find(({ pupil }) => pupil.id === asked)
  if (!came.length) return null
  return (
    <Block title={<Trans>前の学校の日数</Trans>}>
      <p className={panel.aside}>
        <Trans>この学級の計には入れません。指導要録には、合わせた日数を書きます。</Trans>
      </p>
      <ul className={styles.told}>
        {came.map((one) => (
          <li key={one.pupil.id}>
            <strong>{fullName(one.pupil)}</strong>
            {one.former ? <Told line={one} /> : <Trans>まだ入っていません</Trans>}
            {year.may_former && (
              <Button size="small" onPress={() => setAsked(one.pupil.id)} aria-label={one.former ? t`${fullName(one.pupil)}の前の学校の日数を直す` : t`${fullName(one.pupil)}の前の学校の日数を入れる`}>
                {one.former ? <Trans>直す</Trans> : <Trans>入れる</Trans>}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {line && (
        <Suspense fallback={null}>
          <FormerDialog classId={year.class_id} line={line} onClose={() => setAsked(null)} />
        </Suspense>
      )}
    </Block>
  )
}

function Told({ line: { former } }: { readonly line: YearLine }) {
  if (!former) return null
  const { school, source_word: paper, told_on: on, by, sums } = former
  const [day, who] = [workDay(on), fullName(by)]
  return (
    <>
      <span>
        <Plural value={sums.days} other="授業日数 #日" />
        <Plural value={sums.absent} other="、欠席 #日" />
      </span>
      <span className={panel.aside}>
        <Trans>
          {school}、{day}の{paper}。{who}が入れた
        </Trans>
      </span>
    </>
  )
}
