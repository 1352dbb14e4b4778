/**
 * Names and readings as searches compare them: width, case, script of kana, blanks and forms of a character make no
 * difference. The same rule as the roster's own search (services/registry/roster/kana.py, glyphs.py; a test compares).
 */
import pairs from './forms.json'

/** Each form, and the one that all of its kind are searched as. */
export const FORMS: ReadonlyMap<string, string> = new Map(pairs.map((pair) => Array.from(pair) as [string, string]))

/** The text to be compared; what is shown stays as it is written. */
export function folded(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/[\s\u200b・\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu, '')
  return plain.replace(/./gu, (each) => FORMS.get(each) ?? hiragana(each))
}

function hiragana(character: string): string {
  return /[\u30a1-\u30f6\u30fd\u30fe]/.test(character) ? String.fromCharCode(character.charCodeAt(0) - 0x60) : character
}
