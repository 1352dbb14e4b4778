import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '~/outbox/rules'
import { TELL_PATH, changePath, withdrawPath, type Child, type Family, type Notice } from './data'
import { blank, coming, entriesOf, formOf, isWithdrawal, noticeOf, tellingOf, TILES } from './rules'

const TODAY = '2026-11-20'

const notice = (over: Partial<Notice> = {}): Notice => ({
  notice: 'n', revision: 1, withdrawn: false, kind: 'absent', reason: 'sick', since: TODAY, until: '2026-11-21', channel: 'app', own: true,
  relation_word: '母', words: null, told_at: '', entered_at: '', late: false, confirmed: [], replies: [], may_change: true, ...over,
})
const child = (id: string, notices: readonly Notice[] = [], may_tell = true): Child => ({ pupil: { id, family: '', given: '' }, may_tell, at: { name: '', class_name: null }, notices })
const family = (...children: readonly Child[]): Family => ({ today: TODAY, cut_off: '08:20', children })
const entry = (over: Partial<Entry>): Entry => ({ id: 'e', owner: 'me', kind: 'told', path: TELL_PATH, body: { pupils: ['a'] }, label: '', screen: '', made: '', state: 'waiting', ...over })

describe('the form', () => {
  it('chooses today and the only child, and nothing else, for anybody', () => {
    expect(blank(family(child('a')))).toMatchObject({ pupils: ['a'], tile: null, when: 'today', words: '' })
    expect(blank(family(child('a'), child('b', [], false))).pupils).toEqual(['a'])
    expect(blank(family(child('a'), child('b'))).pupils).toEqual([])
  })

  it('is not sent while anything is missing or the days stand the wrong way round', () => {
    const form = { ...blank(family(child('a'))), tile: 'sick' } as const
    expect(tellingOf(form, TODAY)).toEqual({ kind: 'absent', reason: 'sick', since: TODAY, until: '2026-11-21', words: null })
    expect(tellingOf({ ...form, when: 'tomorrow' }, TODAY)).toMatchObject({ since: '2026-11-21', until: '2026-11-22' })
    expect(tellingOf({ ...form, tile: null }, TODAY)).toBeNull()
    expect(tellingOf({ ...form, when: 'other', first: '2026-11-25', last: '2026-11-24' }, TODAY)).toBeNull()
    expect(tellingOf({ ...form, when: 'other', first: '', last: '2026-11-24' }, TODAY)).toBeNull()
  })

  it('comes back as it was told', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TILES), fc.constantFrom(TODAY, '2026-11-21', '2026-11-24'), fc.constantFrom('2026-11-25', null), fc.constantFrom('', '咳'), (tile, since, end, words) => {
        const until = end ?? (since === TODAY ? '2026-11-21' : since === '2026-11-21' ? '2026-11-22' : '2026-11-25')
        const told = notice({ kind: tile.kind, reason: tile.reason, since, until, words: words || null })
        expect(tellingOf(formOf(told, 'a', TODAY), TODAY)).toEqual({ kind: tile.kind, reason: tile.reason, since, until, words: words || null })
      }),
    )
  })
})

describe('what stands and what waits', () => {
  it('lists days that are not over, what was taken back last', () => {
    const [past, now, gone, later] = [notice({ until: TODAY }), notice(), notice({ withdrawn: true }), notice({ since: '2026-11-24', until: '2026-11-25' })]
    expect(coming(child('a', [past, later, gone, now]), TODAY)).toEqual([now, later, gone])
  })

  it('belongs to its child, and to nobody else on this device', () => {
    const [a, b] = [child('a', [notice()]), child('b')]
    const queue = [entry({}), entry({ id: 'c', path: changePath('n'), body: {} }), entry({ id: 'w', path: withdrawPath('n'), body: {} }), entry({ id: 'x', owner: 'you' }), entry({ id: 'r', kind: 'roll' })]
    expect(entriesOf(queue, 'me', a).map(({ id }) => id)).toEqual(['e', 'c', 'w'])
    expect(entriesOf(queue, 'me', b)).toEqual([])
    expect(queue.slice(0, 3).map(noticeOf)).toEqual([undefined, 'n', 'n'])
    expect(queue.slice(0, 3).map(isWithdrawal)).toEqual([false, false, true])
  })
})
