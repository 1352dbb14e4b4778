import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { counted } from '~/parts/counted'
import { Strip } from '~/parts/Strip'
import { Sure } from '~/parts/Sure'
import { Numbers } from './Numbers'
import type { Counts, Look, Rollover, Surprise } from './types'
import panel from '~/parts/Panel.module.css'
import styles from './rollover.module.css'

interface PreviewProps {
  readonly look: Look
  readonly page: Rollover
  readonly year: string
  readonly sending: boolean
  readonly onApply: (body: unknown) => void
}

/** Every consequence before it is one: what somebody must look after, the one button, each school. */
export function Preview({ look, page, year, sending, onApply }: PreviewProps) {
  const { t } = useLingui()
  const me = useMe()
  const [sure, setSure] = useState(false)
  const { schools = [], total, surprises = [] } = look.found
  if (!total) return null
  const { graduating = 0 } = total.became
  const [at, who] = [timeOf(look.looked_at, me.today), look.by]
  return (
    <>
      <Lacking total={total} />
      {surprises.length > 0 && <Surprises surprises={surprises} year={year} sure={sure} onSure={page.may_apply ? setSure : null} />}
      {page.may_apply && (
        <div className={panel.bar}>
          <Button
            look="filled"
            size="large"
            off={sending ? t`始めています` : surprises.length > 0 && !sure ? t`思いがけないところを確かめてから適用します` : undefined}
            onPress={() => onApply({ preview: look.preview, confirm_surprises: surprises.length > 0 })}
          >
            <Plural value={total.changed} other="年度更新を適用する（変わる人#人）" />
          </Button>
          <p className={panel.note}>
            <Trans>4月1日までは、いまの年度のままです。3月31日までは元に戻せます。</Trans>{' '}
            {graduating > 0 && <Plural value={graduating} other="卒業する#人は、3月31日で在籍が終わるので、この数に入りません。" />}
          </p>
        </div>
      )}
      <Numbers schools={schools} total={total} year={year} />
      <p className={panel.note}>
        <Trans>
          {at} {who} が確かめた見通しです。学校の名前を押すと、だれのことかが分かります。
        </Trans>
      </p>
    </>
  )
}

function Surprises({ surprises, year, sure, onSure }: { readonly surprises: readonly Surprise[]; readonly year: string; readonly sure: boolean; readonly onSure: ((sure: boolean) => void) | null }) {
  return (
    <Strip kind="look">
      <strong>
        <Trans>思いがけないところがあります。このまま適用してよいか、確かめてください。</Trans>
      </strong>
      <ul className={styles.list}>
        {surprises.map((one) => (
          <li key={`${one.school} ${one.kind}`}>
            <Link to="/schools/$schoolId/rollover/$year" params={{ schoolId: one.school, year }}>
              {one.name}
            </Link>{' '}
            <Odd of={one} />
          </li>
        ))}
      </ul>
      {onSure && (
        <Sure sure={sure} onSure={onSure}>
          <Trans>確かめました。このまま適用してよい</Trans>
        </Sure>
      )}
    </Strip>
  )
}

function Odd({ of: { kind, ...some } }: { readonly of: Surprise }) {
  const [number, of] = [counted(some.number), counted(some.of)]
  if (kind === 'without_class')
    return (
      <Trans>
        来年度の{of}人のうち{number}人の学級が決まっていません。
      </Trans>
    )
  if (kind === 'nowhere')
    return (
      <Trans>
        卒業して進学する{of}人のうち{number}人の進学先が分かりません。
      </Trans>
    )
  return <Trans>いま{of}人いる子が、来年度はだれもいなくなります。</Trans>
}

/** What is not ours to guess: told, and no reason to wait. */
function Lacking({ total }: { readonly total: Counts }) {
  const lacking = Object.entries(total.lacking)
  if (!lacking.length) return null
  return (
    <Strip kind="plain">
      {lacking.map(([duty, n]) => (
        <span key={duty}>
          <Trans>
            4月1日に{duty}のいない学校が{n}校あります。
          </Trans>
        </span>
      ))}{' '}
      <Trans>人事異動を取り込むか、職務を入れてください。年度更新は先にしてかまいません。</Trans>
    </Strip>
  )
}
