import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reduce, valueAt, type Action, type GridState, type Refusal } from '../model'
import { characters, parse, print } from '../parse'
import { copyOf, paste, readBlock, writeBlock } from '../paste'
import { CHOICES, COLUMNS, rows, sample } from './sample'

const [ATTENDANCE, TEMPERATURE, NOTE] = COLUMNS as [(typeof COLUMNS)[0], (typeof COLUMNS)[0], (typeof COLUMNS)[0]]
const at = (row: number, col: number, state = sample()) => reduce(state, { type: 'go', row, col })
const done = (state: GridState, text: string) => reduce(state, paste(state, text))
const refused = (action: Action): readonly Refusal[] =>
  action.type === 'say' && action.said?.kind === 'refused' ? action.said.cells : []

describe('reading a value', () => {
  it('knows a mark by code, word, glyph and key', () => {
    for (const { code, word, glyph, key } of CHOICES)
      for (const typed of [code, word, glyph, key])
        if (typed.trim()) expect(parse(ATTENDANCE, typed)).toMatchObject({ ok: true, value: code })
    expect(parse(ATTENDANCE, 'ﾁ')).toEqual({ ok: true, value: 'late', rewritten: true })
    for (const unknown of ['／', '○', '欠', '1', 'x'])
      expect(parse(ATTENDANCE, unknown)).toEqual({ ok: false, why: { kind: 'unknown' } })
  })

  it.each([
    ['36.5', '36.5', false],
    ['３６．５', '36.5', true],
    ['365', '36.5', true],
    ['３６５', '36.5', true],
    ['37', '37.0', false],
    ['3〇.5', null, false],
    ['36。5', '36.5', true],
    ['４０', '40.0', true],
    ['36.50', '36.5', false],
  ])('reads %s as a temperature', (typed, value, rewritten) => {
    const parsed = parse(TEMPERATURE, typed)
    if (value === null) expect(parsed.ok).toBe(false)
    else expect(parsed).toEqual({ ok: true, value, rewritten })
  })

  it.each(['四〇', '36.5度', '1e1', '36,5,1', '+36', '36.55', '--36', 'NaN', '0x24'])('refuses %s', (typed) => {
    expect(parse(TEMPERATURE, typed)).toEqual({ ok: false, why: { kind: 'unreadable' } })
  })

  it('refuses numbers out of range with the range', () => {
    for (const typed of ['43', '3', '-36', 'ー36', '3600'])
      expect(parse(TEMPERATURE, typed)).toEqual({ ok: false, why: { kind: 'range', min: 34, max: 42 } })
  })

  it('counts characters as people do and leaves text as it is', () => {
    expect(characters('葛\u{e0100}城')).toBe(2)
    expect(parse(NOTE, 'ｶﾞｯｷｭｳ 髙﨑\ufa19')).toEqual({ ok: true, value: 'ｶﾞｯｷｭｳ 髙﨑\ufa19', rewritten: false })
    expect(parse(NOTE, 'あ'.repeat(21))).toEqual({ ok: false, why: { kind: 'long', max: 20 } })
  })

  it('reads what it prints', () => {
    for (const { code } of CHOICES) expect(parse(ATTENDANCE, print(ATTENDANCE, code))).toMatchObject({ ok: true, value: code, rewritten: false })
    fc.assert(
      fc.property(fc.integer({ min: 340, max: 420 }), (tenths) => {
        const value = (tenths / 10).toFixed(1)
        expect(parse(TEMPERATURE, print(TEMPERATURE, value))).toEqual({ ok: true, value, rewritten: false })
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }).filter((s) => s.trim() !== '' && characters(s.trim()) <= 20), (text) => {
        expect(parse(NOTE, print(NOTE, text.trim()))).toEqual({ ok: true, value: text.trim(), rewritten: false })
      }),
    )
  })
})

describe('a block', () => {
  it('is read as spreadsheets write it', () => {
    expect(readBlock('a\tb\r\nc\td\r\n')).toEqual([['a', 'b'], ['c', 'd']])
    expect(readBlock('"a\tb"\t"say ""x"""\n"two\nlines"\t')).toEqual([['a\tb', 'say "x"'], ['two\nlines', '']])
    expect(readBlock('"open\tb')).toEqual([['"open', 'b']])
    expect(readBlock('')).toEqual([['']])
  })

  it('read after written is the same', () => {
    const cell = fc.string({ unit: fc.constantFrom('あ', '1', '"', '\t', '\n', ' ', 'K') , maxLength: 6 })
    const block = fc.integer({ min: 1, max: 4 }).chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }))
    fc.assert(
      fc.property(
        block.filter((lines) => lines.at(-1)!.some((text) => text !== '')),
        (lines) => {
          expect(readBlock(writeBlock(lines))).toEqual(lines)
        },
      ),
    )
  })
})

describe('pasting', () => {
  it('applies a good block as one step', () => {
    const state = done(at(2, 0), '病欠\t36.5\n遅刻\t37.0')
    expect(valueAt(state, 'p3', 'attendance')).toBe('absent_sick')
    expect(valueAt(state, 'p4', 'temperature')).toBe('37.0')
    expect(state.past).toHaveLength(1)
    expect(state.said).toEqual({ kind: 'pasted', n: 4 })
  })

  it('applies nothing when two cells are bad, and names both', () => {
    const before = at(2, 0)
    const action = paste(before, '病欠\t36.5\n欠\t37.0\n遅刻\t四〇')
    expect(refused(action)).toEqual([
      { row: 3, col: 0, typed: '欠', why: { kind: 'unknown' } },
      { row: 4, col: 1, typed: '四〇', why: { kind: 'unreadable' } },
    ])
    expect(reduce(before, action).drafts.size).toBe(0)
  })

  it('applies and lists values that were written otherwise', () => {
    const state = done(at(0, 1), '３６．５\n36.6')
    expect(state.said).toEqual({ kind: 'rewritten', cells: [{ row: 0, col: 1, typed: '３６．５', value: '36.5' }] })
    expect(valueAt(state, 'p2', 'temperature')).toBe('36.6')
  })

  it('refuses a blank in the middle, more rows than pupils, and too many columns', () => {
    expect(refused(paste(at(0, 0), '出席\n\n遅刻'))).toEqual([{ row: 1, col: 0, typed: '', why: { kind: 'blank' } }])
    expect(refused(paste(at(11, 0), '出席\n出席'))).toMatchObject([{ row: 12, why: { kind: 'no-row' } }])
    expect(refused(paste(at(0, 2), 'a\tb'))).toMatchObject([{ col: 3, why: { kind: 'no-column' } }])
  })

  it('lays a block by number and name, and names those that do not fit', () => {
    const state = at(0, 0)
    expect(valueAt(done(state, '３\t上田　結衣\t遅刻\n12\t鈴木 朔\t病欠'), 'p3', 'attendance')).toBe('late')
    expect(valueAt(done(state, '12\t病欠\n3\t遅刻'), 'p12', 'attendance')).toBe('absent_sick')
    expect(valueAt(done(state, '上田結衣\t遅刻\n石井蓮\t出席'), 'p2', 'attendance')).toBe('present')
    expect(refused(paste(state, '3\t上田 結衣\t遅刻\n4\t上田 湊\t遅刻'))).toEqual([
      { row: 3, col: -1, typed: '上田 湊', why: { kind: 'name', expected: '江口 湊' } },
    ])
    expect(refused(paste(state, '3\t遅刻\n40\t遅刻'))).toMatchObject([{ row: -1, typed: '40', why: { kind: 'no-row' } }])
  })

  it('leaves 交流 pupils alone and refuses to change them', () => {
    const some = rows().map((row, i) => ({ ...row, editable: i !== 1 }))
    expect(refused(paste(at(0, 0, sample({ rows: some })), '出席\n出席'))).toMatchObject([{ row: 1, why: { kind: 'readonly' } }])
  })

  it('says why nothing happens when the grid is locked', () => {
    expect(paste(sample({ locked: true }), '出席')).toEqual({ type: 'say', said: { kind: 'locked' } })
  })

  it('of a copied grid changes nothing', () => {
    const full = fc.record({
      attendance: fc.constantFrom(...CHOICES.map(({ code }) => code)),
      temperature: fc.integer({ min: 340, max: 420 }).map((tenths) => (tenths / 10).toFixed(1)),
      note: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((s) => s.trim()).filter((s) => s !== '' && characters(s) <= 20),
    })
    fc.assert(
      fc.property(fc.array(full, { minLength: 12, maxLength: 12 }), (values) => {
        const cells = values.flatMap((value, row) => COLUMNS.map(({ id }, col) => ({ row, col, value: value[id as keyof typeof value] })))
        const state = reduce(sample(), { type: 'enter', cells })
        const copied = copyOf(state, values.map((_, i) => i), [0, 1, 2])
        const after = done(at(0, 0, state), copied)
        expect(after.drafts).toEqual(state.drafts)
        expect(after.past).toHaveLength(state.past.length)
      }),
    )
  })
})
