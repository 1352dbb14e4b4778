import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Notice } from './data'
import { blank, bodyOf, fromToday, SOMEBODY, standingOn, tileOf, TILES, toldOf } from './rules'

const TODAY = '2026-11-20'
const named = { id: 'x', family: '', given: '' }

const notice = (over: Partial<Notice> = {}): Notice => ({
  notice: 'n', pupil: named, class_name: null, number: null, revision: 1, withdrawn: false, kind: 'absent', reason: 'sick', since: TODAY,
  until: '2026-11-21', channel: 'phone', guardian: 'm', relation_word: '母', teller: null, words: null, told_at: '', entered_at: '',
  entered_by: named, confirmed: [], ...over,
})

describe('what is told', () => {
  it('is sent whole, with the day after the last one', () => {
    expect(bodyOf({ ...blank(TODAY), tile: 'sick', teller: 'm', last: '2026-11-24', words: ' 熱 ' })).toEqual({
      kind: 'absent', reason: 'sick', since: TODAY, until: '2026-11-25', channel: 'phone', teller: { guardian: 'm' }, words: '熱',
    })
    expect(bodyOf({ ...blank(TODAY), tile: 'late', teller: SOMEBODY, tellerWords: '祖母' })).toMatchObject({
      kind: 'late', reason: null, teller: { words: '祖母' }, words: null,
    })
  })

  it('is not sent while anything is missing: nothing is chosen for anybody', () => {
    const whole = { ...blank(TODAY), tile: 'sick', teller: 'm' } as const
    expect(bodyOf(blank(TODAY))).toBeNull()
    expect(bodyOf({ ...whole, tile: null })).toBeNull()
    expect(bodyOf({ ...whole, teller: null })).toBeNull()
    expect(bodyOf({ ...whole, since: null })).toBeNull()
    expect(bodyOf({ ...whole, last: null })).toBeNull()
  })

  it('comes back into the form as it was told', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TILES), fc.constantFrom('m', null), fc.constantFrom('', '咳'), (tile, guardian, words) => {
        const told = notice({ kind: tile.kind, reason: tile.reason, guardian, teller: guardian ? null : '祖母', words: words || null })
        expect(tileOf(told)).toBe(tile.value)
        expect(bodyOf(toldOf(told))).toEqual({
          kind: tile.kind, reason: tile.reason, since: told.since, until: told.until, channel: 'phone',
          teller: guardian ? { guardian } : { words: '祖母' }, words: words || null,
        })
      }),
    )
  })
})

describe('what was told before', () => {
  it('stands on the days it speaks of, unless it was taken back', () => {
    const [one, gone, later] = [notice(), notice({ withdrawn: true }), notice({ since: '2026-11-24', until: '2026-11-26' })]
    expect(standingOn([one, gone, later], TODAY)).toEqual([one])
    expect(standingOn([one, gone, later], '2026-11-25')).toEqual([later])
    expect(standingOn([one, gone, later], '2026-11-26')).toEqual([])
    expect(fromToday([notice({ until: TODAY }), one, later], TODAY)).toEqual([one, later])
  })
})
