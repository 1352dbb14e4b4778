/**
 * The input-method guard, in one place. Nothing outside this folder compares a key with Enter (a lint rule sees to
 * it), because the Enter that confirms a conversion is not an Enter: Chromium and Firefox send it with `isComposing`,
 * WebKit after `compositionend` with keyCode 229 and `isComposing` false.
 */
export interface KeyLike {
  readonly key: string
  readonly code: string
  readonly keyCode: number
  readonly isComposing?: boolean
  readonly nativeEvent?: { readonly isComposing?: boolean }
}

/** True while the key belongs to the input method: leave it alone. */
export function isImeKey(event: KeyLike): boolean {
  const composing = event.isComposing ?? event.nativeEvent?.isComposing ?? false
  return composing || event.keyCode === 229
}

/** A real Enter, not one that confirms a conversion. */
export function isEnter(event: KeyLike): boolean {
  return event.key === 'Enter' && !isImeKey(event)
}

/** For fields whose Enter submits a form: the Enter of a conversion stays in the field. */
export function holdImeEnter(event: KeyLike & { preventDefault(): void }): void {
  if (event.key === 'Enter' && isImeKey(event)) event.preventDefault()
}

/**
 * The one character a key stands for in upper case, or '' for keys that have none. Full-width and kana layouts give
 * the character printed on the key: 「Ｋ」 is K, and 「の」 typed on the K key of a kana layout is K.
 */
export function letterOf(event: KeyLike): string {
  const plain = event.key.normalize('NFKC')
  if (plain.length === 1 && /[\x20-\x7e]/.test(plain)) return plain.toUpperCase()
  const printed = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(event.code)
  return plain.length === 1 && printed ? (printed[1] ?? printed[2] ?? '') : ''
}
