import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n } from '@lingui/core'
import type { ListMember } from './data'
import { byBirth, byKana, gapsOf, moved, openNumbers, readPasted, seats } from './rules'

beforeAll(() => i18n.loadAndActivate({ locale: 'ja', messages: {} }))

function member(number: number | null, family: string, given: string, kana = 1, birth: number | null = null): ListMember {
  return {
    pupil: { id: `${family}${given}${number}`, family, given, family_kana: '', given_kana: '' },
    number, exchange: false, since: '2026-04-01', until: null, kana_order: kana, birth_order: birth,
  }
}

const CLASS = [member(1, '青木', '陽菜', 1, 3), member(2, '髙橋', '蓮', 3, 1), member(4, '石井', '葵', 2, null)]

describe('order', () => {
  it('numbers by place, past the gaps', () => {
    expect(seats(CLASS, []).map(({ number }) => number)).toEqual([1, 2, 3])
    expect(seats(CLASS, [1, 3]).map(({ number }) => number)).toEqual([2, 4, 5])
    expect(openNumbers(CLASS)).toEqual([3])
  })

  it('orders by kana and by birth, the unknown last', () => {
    expect(byKana(CLASS).map(({ pupil }) => pupil.family)).toEqual(['青木', '石井', '髙橋'])
    expect(byBirth(CLASS).map(({ pupil }) => pupil.family)).toEqual(['髙橋', '青木', '石井'])
  })

  it('a move keeps everybody and everybody else’s order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 40 }), fc.nat(45), fc.nat(45), (all, from, to) => {
        const after = moved(all, from, to)
        expect(after.toSorted()).toEqual(all.toSorted())
        if (from < all.length && to < all.length) {
          expect(after[to]).toBe(all[from])
          expect(after.filter((one) => one !== all[from])).toEqual(all.filter((one) => one !== all[from]))
        } else expect(after).toEqual(all)
      }),
    )
  })
})

describe('paste', () => {
  const wrong = (text: string, members = CLASS) => readPasted(text, members).wrong.map(({ line, message }) => `${line} ${message}`)

  it('reads numbers and names, full width and with a head line', () => {
    const found = readPasted('出席番号\t氏名\n１\t髙橋　蓮\n2番\t石井 葵\n3\t青木\t陽菜\n', CLASS)
    expect(found.wrong).toEqual([])
    expect(found.seats.map(({ member: { pupil }, number }) => [number, pupil.family])).toEqual([[1, '髙橋'], [2, '石井'], [3, '青木']])
  })

  it('names every line that does not fit, and applies nothing', () => {
    expect(wrong('1\t高橋 蓮\n2\t石井 葵\n2\t青木 陽菜\nx\t青木 陽菜')).toEqual([
      '1 「高橋 蓮」という子は、この日この学級にいません。氏名の字を確かめてください',
      '3 2行目と同じ番号です。別の番号にしてください',
      '4 「x」は出席番号として読めません。1から99の数字にしてください',
      '0 髙橋\u2009蓮さんの行がありません。加えてください',
    ])
    expect(wrong('1\t青木 陽菜\n2\t青木 陽菜\n3\t石井 葵\n4\t髙橋 蓮')).toEqual(['2 1行目と同じ子です。1行にしてください'])
    expect(wrong('1\n2\n3')).toHaveLength(3)
    expect(wrong('')).toEqual(['0 番号と氏名の2列を貼り付けてください'])
    expect(wrong('0\t青木 陽菜')[0]).toContain('出席番号として読めません')
  })

  it('two children of one name are told apart by their number, or not at all', () => {
    const twice = [member(1, '佐藤', '葵'), member(2, '佐藤', '葵')]
    expect(readPasted('2\t佐藤葵\n1\t佐藤葵', twice).seats.map(({ member: { pupil } }) => pupil.id)).toEqual(['佐藤葵1', '佐藤葵2'])
    expect(wrong('3\t佐藤葵\n1\t佐藤葵', twice)[0]).toContain('2人います')
  })

  it('what is copied pastes back as no change; gaps are told', () => {
    const text = CLASS.map(({ number, pupil }) => `${number}\t${pupil.family} ${pupil.given}`).join('\n')
    const found = readPasted(text, CLASS)
    expect(found.seats.map(({ member: one, number }) => one.number === number)).toEqual([true, true, true])
    expect(gapsOf(found.seats)).toEqual([3])
  })
})
