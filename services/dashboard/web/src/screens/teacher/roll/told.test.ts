import { describe, expect, it } from 'vitest'
import type { Roll } from '~/api/types'
import { keyOf, stampOf, unreadOf, type Told } from './told'

const DAY = '2026-11-20'
const told = (over: Partial<Told> = {}): Told => ({
  notice: 'n', pupil: { id: 'p', family: '', given: '' }, number: 1, revision: 2, withdrawn: false, kind: 'other', relation_word: '母', teller: null, words: '水泳は見学',
  told_at: '2026-11-20T08:00:00+09:00', entered_at: '', confirmed: [], replies: [], ...over,
})
const unread = (one: Told, read: readonly string[] = []) => unreadOf([one], DAY, new Set(read)).length

describe('what must be read before 確定', () => {
  it('is what no mark says, as it stands, until somebody has read or answered it', () => {
    expect(unread(told())).toBe(1)
    expect(unread(told({ kind: 'absent' }))).toBe(0)
    expect(unread(told({ withdrawn: true }))).toBe(0)
    expect(unread(told(), [keyOf(told())])).toBe(0)
    expect(unread(told({ confirmed: [{ on: DAY, revision: 2 }] }))).toBe(0)
    expect(unread(told({ replies: [{ revision: 2, words: 'わかりました' }] }))).toBe(0)
  })

  it('is unread again when it has changed since, or was seen for another day', () => {
    expect(unread(told({ revision: 3 }), [keyOf(told())])).toBe(1)
    expect(unread(told({ confirmed: [{ on: DAY, revision: 1 }] }))).toBe(1)
    expect(unread(told({ confirmed: [{ on: '2026-11-19', revision: 2 }] }))).toBe(1)
    expect(unread(told({ replies: [{ revision: 1, words: 'はい' }] }))).toBe(1)
  })
})

it('words are asked for when the roll knows of a notice, and again when that changes', () => {
  const roll = (...at: string[]) => ({ members: at.map((each) => ({ cell: { explain: [{ source: 'teacher', at: 'x' }, { source: 'notice', at: each }] } })) }) as unknown as Roll
  expect(stampOf(roll())).toBe('')
  expect(stampOf(roll('a', 'b'))).not.toBe(stampOf(roll('a', 'c')))
})
