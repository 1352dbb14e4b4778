import { expect, test } from 'vitest'
import { typedSoFar } from './typed'

test.each([
  ['たk', 'た'],
  ['たｋ', 'た'],
  ['たか', 'たか'],
  ['2-1 12', '2-1 12'],
  ['Nguyen', 'Nguyen'],
  ['グエンty', 'グエン'],
  ['  ', ''],
])('%s is looked for as %s', (value, text) => {
  expect(typedSoFar(value)).toBe(text)
})
