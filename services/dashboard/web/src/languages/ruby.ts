/**
 * Readings over 漢字, as they stand in the catalogues: ｜学校《がっこう》に. They are written by hand, with the words; nothing
 * is guessed here. Pure.
 */

/** A piece of text; with a reading where it has one. */
export interface Piece {
  readonly text: string
  readonly reading?: string
}

const MARK = /｜([^｜《》]+)《([^《》]+)》/g

/** The text as it is read out, searched and sent: without readings. */
export function plain(text: string): string {
  return text.replace(MARK, '$1')
}

export function isMarked(text: string): boolean {
  return text.includes('《')
}

export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = []
  let at = 0
  for (const match of text.matchAll(MARK)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index) })
    found.push({ text: match[1]!, reading: match[2]! })
    at = match.index + match[0].length
  }
  if (at < text.length) found.push({ text: text.slice(at) })
  return found
}

/** A text with its reading over it; kana needs none. */
export function over(text: string, reading: string): string {
  return reading === '' || reading === text ? text : `｜${text}《${reading}》`
}
