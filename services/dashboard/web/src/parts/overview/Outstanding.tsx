import { Trans, useLingui } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import type { Outstanding as Group, OverviewRule } from '~/api/types'
import { gradeWord } from '../grades'
import panel from '../Panel.module.css'
import { Strip } from '../Strip'
import { percent, shareOf } from './share'
import styles from './overview.module.css'
import './words'

interface OutstandingProps {
  readonly groups: readonly Group[]
  readonly rule: OverviewRule
  /** How a group is named here, and where it leads. */
  readonly link: (group: Group, word: string) => ReactNode
}

/** What stands out, first, with the rule in words. */
export function Outstanding({ groups, rule: { window, times, more }, link }: OutstandingProps) {
  const { t } = useLingui()
  if (groups.length === 0) return null
  return (
    <Strip kind="look" live>
      <strong>
        <Trans>いつもより休みがずっと多い学級があります</Trans>
      </strong>
      <ul className={styles.list}>
        {groups.map((group) => {
          const { away, here, usual } = group
          const [share, often] = [shareOf(away, here), percent(usual.away)]
          const grade = group.grade === null ? t`学年をまたぐ学級` : gradeWord(group.grade)
          return (
            <li key={`${group.school.id} ${group.class?.id ?? group.grade}`}>
              <span className={panel.whole}>{link(group, group.class?.name ?? t`${grade}全体`)}</span>
              <span className={panel.whole}>
                <Trans>
                  休み {away}人（{share}）・いつもは {often}
                </Trans>
              </span>
            </li>
          )
        })}
      </ul>
      <p className={styles.rule}>
        <Trans>
          前の{window}授業日のまん中の値とくらべて、{times}倍以上で{more}人以上多いところです。いつもが1人に満たないところは、1人としてくらべます。
        </Trans>
      </p>
    </Strip>
  )
}
