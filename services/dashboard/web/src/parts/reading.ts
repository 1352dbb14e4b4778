/**
 * フリガナ as it is kept when somebody types it: full-width katakana. The same rule as the roster's own
 * (services/registry/roster/kana.py, oneroster/cells.py), so that a person sees at once what will stand on the card.
 */
export function reading(typed: string): string {
  return typed
    .normalize('NFKC')
    .trim()
    .replace(/[\u3041-\u3096\u309d\u309e]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60))
    .normalize('NFC') // わ゙ is written in two characters, ヷ in one
}

/** Whether there is nothing in it that no reading has. */
export function isReading(typed: string): boolean {
  return /^[\u3041-\u309f\u30a0-\u30ff\u3000 =・-]*$/.test(reading(typed))
}
