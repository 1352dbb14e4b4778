import { addDays, type Day } from '~/dates/dates'
import type { Book, Move } from './data'

/** 転学日: the day before the acceptance (指導要録 様式1). */
export function transferredOn(accepted: Day | null): Day | null {
  return accepted === null ? null : addDays(accepted, -1)
}

/** What the dialog of the days sends: every day as it stands there, also one that was emptied. */
export function datesOf(move: Move, left: Day | null, accepted: Day | null) {
  return { seen: move.revision, left_on: left, accepted_on: accepted }
}

/** Moves that wait for somebody, before those that are settled; taken-back ones last. */
export function inTurn(moves: readonly Move[]): readonly Move[] {
  const rank = (move: Move) => (move.undone_at !== null ? 2 : move.turn === null ? 1 : 0)
  return moves.toSorted((a, b) => rank(a) - rank(b))
}

/** Textbooks as a table: 種目, 発行者, 記号・番号, 書名, one a line. */
export function booksText(books: readonly Book[]): string {
  return books.map((book) => [book.subject, book.publisher, book.code, book.title].join('\t')).join('\n')
}

/** Books from pasted lines; the numbers of lines that are none. */
export function readBooks(text: string): { readonly books: readonly Book[]; readonly wrong: readonly number[] } {
  const books: Book[] = []
  const wrong: number[] = []
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return
    const cells = line.split('\t').map((cell) => cell.trim())
    const [subject = '', publisher = '', code = '', title = ''] = cells
    if (cells.length === 4 && subject !== '' && title !== '') books.push({ subject, publisher, code, title })
    else wrong.push(i + 1)
  })
  return { books, wrong }
}
