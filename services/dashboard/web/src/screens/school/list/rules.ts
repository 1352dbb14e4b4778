/** Ordering a class and reading a pasted list. Pure: numbers are what a person said, by place or by cell. */
import { t } from '@lingui/core/macro'
import { readBlock } from '~/grid/paste'
import { fullName } from '~/parts/Name'
import type { ListMember } from './data'

/** A child with the number that is to be. */
export interface Seat {
  readonly member: ListMember
  readonly number: number
}

/** Numbers by place: 1, 2, 3 …, past those that stay without anybody. */
export function seats(order: readonly ListMember[], gaps: readonly number[]): readonly Seat[] {
  let number = 0
  return order.map((member) => {
    number += 1
    while (gaps.includes(number)) number += 1
    return { member, number }
  })
}

/** `order` with the one at `from` standing at `to`. */
export function moved<T>(order: readonly T[], from: number, to: number): readonly T[] {
  const [one] = order.slice(from, from + 1)
  if (one === undefined || to < 0 || to >= order.length) return order
  return order.toSpliced(from, 1).toSpliced(to, 0, one)
}

export function byKana(order: readonly ListMember[]): readonly ListMember[] {
  return order.toSorted((a, b) => a.kana_order - b.kana_order)
}

/** Those whose date of birth is not known come last, as they stood. */
export function byBirth(order: readonly ListMember[]): readonly ListMember[] {
  return order.toSorted((a, b) => (a.birth_order ?? Infinity) - (b.birth_order ?? Infinity) || 0)
}

/** Numbers between 1 and the highest that nobody has. */
export function openNumbers(members: readonly ListMember[]): readonly number[] {
  const taken = new Set(members.map(({ number }) => number))
  const last = Math.max(0, ...members.map(({ number }) => number ?? 0))
  return Array.from({ length: last }, (_, i) => i + 1).filter((n) => !taken.has(n))
}

export interface PastedRow {
  /** Line of the pasted text, from 1. */
  readonly line: number
  readonly message: string
}

export type Pasted = { readonly seats: readonly Seat[]; readonly wrong: readonly [] } | { readonly seats: readonly []; readonly wrong: readonly PastedRow[] }

/**
 * A column of numbers with names beside it. Every line is one child by name; where a name is borne by two, the number
 * decides if it is the present number of one of them. Anything that does not fit refuses the whole paste, by line.
 */
export function readPasted(text: string, members: readonly ListMember[]): Pasted {
  const wrong: PastedRow[] = []
  const found: (Seat & { line: number })[] = []
  readBlock(text).forEach((cells, i) => {
    const line = i + 1
    if (cells.every((cell) => cell.trim() === '') || (line === 1 && isHead(cells))) return
    const typed = (cells[0] ?? '').trim()
    const name = cells.slice(1).join('')
    const number = Number(typed.normalize('NFKC').replace(/番$/, ''))
    if (!/^\d{1,2}$/.test(typed.normalize('NFKC').replace(/番$/, '')) || number < 1)
      return void wrong.push({ line, message: t`「${typed}」は出席番号として読めません。1から99の数字にしてください` })
    if (bare(name) === '') return void wrong.push({ line, message: t`氏名がありません。番号のとなりの列に氏名を入れてください` })
    const same = members.filter(({ pupil }) => bare(fullName(pupil)) === bare(name))
    const member = same.length === 1 ? same[0] : same.find((one) => one.number === number)
    if (!same.length) return void wrong.push({ line, message: t`「${name}」という子は、この日この学級にいません。氏名の字を確かめてください` })
    if (!member) return void wrong.push({ line, message: t`「${name}」という子が2人います。画面で並べてください` })
    found.push({ member, number, line })
  })
  for (const one of found) {
    const other = found.find(({ line, member, number }) => line < one.line && (number === one.number || member === one.member))
    if (!other) continue
    const line = other.line
    wrong.push({ line: one.line, message: other.member === one.member ? t`${line}行目と同じ子です。1行にしてください` : t`${line}行目と同じ番号です。別の番号にしてください` })
  }
  for (const member of members) {
    const name = fullName(member.pupil)
    if (found.length && !found.some((one) => one.member.pupil.id === member.pupil.id)) wrong.push({ line: 0, message: t`${name}さんの行がありません。加えてください` })
  }
  if (!found.length && !wrong.length) wrong.push({ line: 0, message: t`番号と氏名の2列を貼り付けてください` })
  if (wrong.length) return { seats: [], wrong: wrong.toSorted((a, b) => (a.line || Infinity) - (b.line || Infinity)) }
  return { seats: found.map(({ member, number }) => ({ member, number })).toSorted((a, b) => a.number - b.number), wrong: [] }
}

function isHead(cells: readonly string[]): boolean {
  return /番号|^No\.?$/i.test((cells[0] ?? '').normalize('NFKC').trim())
}

/** Names compare character for character; only spaces do not count. */
function bare(name: string): string {
  return name.replace(/\s/gu, '')
}

/** Numbers up to the highest that no seat has. */
export function gapsOf(given: readonly Seat[]): readonly number[] {
  const taken = new Set(given.map(({ number }) => number))
  return Array.from({ length: Math.max(0, ...taken) }, (_, i) => i + 1).filter((n) => !taken.has(n))
}
