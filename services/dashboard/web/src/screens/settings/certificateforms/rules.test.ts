import { expect, it } from 'vitest'
import { bookRows, booksOfGrades, linesOf, moved, sizeOf } from './rules'

it('reads sentences, sizes and pasted books as people write them', () => {
  expect(linesOf('一つ\r\n\n二つ\n\n')).toEqual(['一つ', '', '二つ'])
  expect(linesOf('\n')).toEqual([])
  expect(['１１', '10.5 ポイント', '12pt', '十', '', '1.23'].map(sizeOf)).toEqual([11, 10.5, 12, null, null, null])
  expect(bookRows('小1\t国語\t38 光村\t国語 109\tこくご\t\t')).toEqual([['小1', '国語', '38 光村', '国語 109', 'こくご']])
  expect(bookRows('小1\t国語\t\t\tこくご\t余り')[0]).toHaveLength(6)
})

it('moves a row and nothing else', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
  expect(moved(['a', 'b'], 1, 2)).toEqual(['a', 'b'])
})

it('counts the books of a grade', () => {
  expect([...booksOfGrades([['小1'], ['小1'], ['中3']])]).toEqual([
    ['小1', 2],
    ['中3', 1],
  ])
})
