import { describe, expect, test } from 'vitest'
import type { Content, Look, Mapping } from './data'
import { fitting, missing, offered, same, suggested, unknownReasons, unknownSchools, unread, withColumn } from './rules'

const look: Look = {
  columns: [
    { heading: '宛名番号', examples: ['1'], item: 'number' },
    { heading: '氏名', examples: [], item: 'name' },
    { heading: '住所', examples: [], item: null },
  ],
  schools: [
    { word: '第一小', school: 'e1' },
    { word: '101', school: null },
  ],
  reasons: [
    { word: '転入', does: 'arrives' },
    { word: 'A1', does: null },
  ],
}
const content: Content = { columns: { number: '宛名番号', name: '氏名' }, schools: {}, reasons: {} }

function saved(name: string, columns: Record<string, string>, saved_at = '2026-11-20T00:00:00Z'): Mapping {
  return { id: name, name, revision: 1, content: { columns, schools: {}, reasons: {} }, saved_at, saved_by: '' }
}

describe('a mapping of columns', () => {
  test('begins with what the headings say', () => {
    expect(suggested(look)).toEqual(content)
    expect(unread(look, content)).toEqual(['住所'])
  })

  test('is the saved one that fits the file best', () => {
    const other = saved('another file', { number: '番号' })
    const small = saved('small', { number: '宛名番号' })
    const whole = saved('whole', { number: '宛名番号', name: '氏名' })
    expect(fitting([other, small, whole], look)?.name).toBe('whole')
    expect(fitting([other], look)).toBeUndefined()
    expect(fitting([small, saved('newer', { number: '宛名番号' }, '2026-11-21T00:00:00Z')], look)?.name).toBe('newer')
  })

  test('never reads one column twice', () => {
    expect(withColumn(content, 'family', '氏名').columns).toEqual({ number: '宛名番号', family: '氏名' })
    expect(withColumn(content, 'name', '').columns).toEqual({ number: '宛名番号' })
  })

  test('asks about words that nobody knows, once', () => {
    expect(unknownSchools(look, content)).toEqual(['101'])
    expect(unknownSchools(look, { ...content, schools: { '101': null } })).toEqual([])
    expect(unknownReasons(look, content)).toEqual(['A1'])
    expect(unknownReasons(look, { ...content, reasons: { A1: 'nothing' } })).toEqual([])
  })

  test('says what it lacks', () => {
    const items = [{ item: 'birth_date', word: '生年月日', needed: true }]
    expect(missing(items, content)).toEqual(['生年月日', 'kana'])
    expect(missing([], { ...content, columns: { family: 'a', given: 'b', kana_family: 'c', kana_given: 'd' } })).toEqual([])
  })

  test('offers a name in one column or in two', () => {
    const items = ['name', 'family', 'given', 'relation'].map((item) => ({ item, word: item, needed: false }))
    const left = (columns: Record<string, string>) => offered(items, { ...content, columns }).map(({ item }) => item)
    expect(left({})).toEqual(['name', 'family', 'given'])
    expect(left({ name: 'a' })).toEqual(['name'])
    expect(left({ family: 'a' })).toEqual(['family', 'given'])
    expect(left({ name: 'a', guardian_name: 'b' })).toEqual(['name', 'relation'])
  })

  test('is the same whatever the order', () => {
    expect(same(content, { ...content, columns: { name: '氏名', number: '宛名番号' } })).toBe(true)
    expect(same(content, { ...content, schools: { x: null } })).toBe(false)
  })
})
