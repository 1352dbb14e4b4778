import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fits } from './PickPerson'
import { folded, FORMS } from './fold'

const person = (family: string, given: string, family_kana: string, given_kana: string) => ({ id: family, family, given, family_kana, given_kana })

it.each([
  ['ﾔﾏﾀﾞ', 'やまだ'],
  ['ヤマダ　めぐみ', 'やまだめぐみ'],
  ['髙橋', '高橋'],
  ['渡邉', '渡辺'],
  ['葛\u{e0100}城', '葛城'],
  ['グエン・ティ', 'ぐえんてぃ'],
  ['ＮＧＵＹＥＮ', 'nguyen'],
])('%s is searched as %s', (typed, searched) => {
  expect(folded(typed)).toBe(searched)
})

it('knows the forms that the roster knows, and no others', () => {
  const source = readFileSync(new URL('../../../../registry/roster/glyphs.py', import.meta.url), 'utf8')
  const table = /_OLD_AND_NEW = \(([^)]*)\)/.exec(source)![1]!
  const pairs = [...table.matchAll(/"([^"]*)"/g)].flatMap(([, line]) => line!.trim().split(' '))
  expect([...FORMS].map((pair) => pair.join(''))).toEqual(pairs)
})

it('finds a person however the name is typed', () => {
  const yamada = person('山田', '恵', 'やまだ', 'めぐみ')
  for (const typed of ['ﾔﾏﾀﾞ', 'ﾔﾏﾀﾞ ﾒｸﾞﾐ', 'ヤマ', 'やまだめ', '山田惠', '']) expect(fits(yamada, typed), typed).toBe(true)
  for (const typed of ['ﾔﾏﾀ', 'たなか']) expect(fits(yamada, typed), typed).toBe(false)
  expect(fits(person('髙橋', '花', 'タカハシ', 'ハナ'), '高橋')).toBe(true)
})
