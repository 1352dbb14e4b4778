import { t } from '@lingui/core/macro'
import type { AttendanceSymbol } from '~/api/types'

/** The word of a mark; 「未入力」 for none. */
export function markWord(symbols: readonly AttendanceSymbol[], code: string | null): string {
  if (code === null) return t`未入力`
  return symbols.find((symbol) => symbol.code === code)?.word ?? code
}
