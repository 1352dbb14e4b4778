/** What of a text can be looked for: while an input method makes kana, a last consonant (「たk」) is not a letter yet. */
export function typedSoFar(value: string): string {
  const text = value.trim()
  return /[\u3041-\u30ff]/.test(text) ? text.replace(/[a-zａ-ｚ]{1,3}$/i, '') : text
}
