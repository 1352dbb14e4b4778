import { t } from '@lingui/core/macro'
import type { AttendanceSymbol, CodeWord, ExplainedFact } from '~/api/types'

/** 「事務室」: where a fact about the day came from. */
export function sourceWord(source: string): string {
  const words: Readonly<Record<string, string>> = {
    teacher: t`学級`,
    office: t`事務室`,
    nurse: t`保健室`,
    notice: t`保護者の連絡`,
  }
  return words[source] ?? source
}

/** The word of a mark; 「未入力」 for none. */
export function markWord(symbols: readonly AttendanceSymbol[], code: string | null): string {
  if (code === null) return t`未入力`
  return symbols.find((symbol) => symbol.code === code)?.word ?? code
}

/** The reason of a correction in words: one of the board's list, or what was written. */
export function reasonWord(reasons: readonly CodeWord[], fact: ExplainedFact): string {
  if (fact.reason === null) return ''
  return reasons.find(({ code }) => code === fact.reason)?.word ?? fact.reason
}
