import { Trans, useLingui } from '@lingui/react/macro'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Goto } from '~/parts/Goto'
import { PlainLinkButton } from '~/parts/LinkButton'
import { YEAR } from './data'
import { monthNumber } from './rules'
import styles from './Page.module.css'

/** ← and → turn the month wherever they have no other work: not in the sheet, in a field or in a dialog. */
export function useMonthKeys(before: () => void, after: () => void) {
  useEffect(() => {
    function turn(event: KeyboardEvent) {
      const at = event.target as Element
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
      if (at.closest('table, input, select, textarea, [role="dialog"], [role="region"]')) return
      if (event.key === 'ArrowLeft') before()
      else if (event.key === 'ArrowRight') after()
    }
    addEventListener('keydown', turn)
    return () => removeEventListener('keydown', turn)
  })
}

interface MonthsProps {
  readonly months: readonly string[]
  /** The one that is shown. */
  readonly sheet: string
  readonly before: string | undefined
  readonly after: string | undefined
  readonly addressOf: (sheet: string) => string
}

/** The year's months and the year itself, each an address. */
export function Months({ months, sheet, before, after, addressOf }: MonthsProps) {
  const { t } = useLingui()
  const nav = useRef<HTMLElement>(null)
  // On a phone the months are wider than the page.
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [sheet])
  return (
    <nav ref={nav} className={styles.months} aria-label={t`月と年間`}>
      <Turn to={before === undefined ? undefined : addressOf(before)} word={t`前の月`} back />
      {[...months, YEAR].map((one) => (
        <Goto key={one} href={addressOf(one)} className={styles.month} data-here={one === sheet ? '' : undefined} aria-current={one === sheet ? 'page' : undefined}>
          {one === YEAR ? <Trans>年間</Trans> : <Trans>{monthNumber(one)}月</Trans>}
        </Goto>
      ))}
      <Turn to={after === undefined ? undefined : addressOf(after)} word={t`次の月`} />
    </nav>
  )
}

function Turn({ to, word, back = false }: { readonly to: string | undefined; readonly word: string; readonly back?: boolean }) {
  const Icon = back ? ChevronLeft : ChevronRight
  const icon = <Icon aria-hidden size="1.25rem" strokeWidth={1.75} />
  return to === undefined ? (
    <span className={styles.turn} data-off="">
      {icon}
    </span>
  ) : (
    <Goto className={styles.turn} href={to} aria-label={word} title={`${word}（${back ? '←' : '→'}）`}>
      {icon}
    </Goto>
  )
}

/** The sheet on paper and as a spreadsheet; `path` is its address at the service. */
export function Files({ path }: { readonly path: string }) {
  return (
    <>
      <PlainLinkButton href={`${path}/pdf`} target="_blank" rel="noopener">
        <Trans>印刷する</Trans>
      </PlainLinkButton>
      <span className={styles.large}>
        <PlainLinkButton href={`${path}/pdf?paper=a3`} target="_blank" rel="noopener">
          <Trans>A3で印刷する</Trans>
        </PlainLinkButton>
      </span>
      <PlainLinkButton href={`${path}/xlsx`} download>
        <Trans>Excelで受け取る</Trans>
      </PlainLinkButton>
    </>
  )
}
