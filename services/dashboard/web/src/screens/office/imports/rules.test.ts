import { expect, it } from 'vitest'
import { changesOf, choose, megabytes, percent } from './rules'

const file = (name: string) => new File(['x'], name)

it('takes one zip, or the CSV files with their manifest', () => {
  expect(choose([file('roster.ZIP')]).kind).toBe('good')
  expect(choose([file('manifest.csv'), file('users.csv'), file('companion.json'), file('.DS_Store')])).toMatchObject({ kind: 'good', files: { length: 3 } })
})

it('says what is wrong with a choice before anything is sent', () => {
  expect(choose([])).toEqual({ kind: 'none' })
  expect(choose([file('.DS_Store')])).toEqual({ kind: 'none' })
  expect(choose([file('a.zip'), file('b.zip')])).toEqual({ kind: 'several-zips' })
  expect(choose([file('a.zip'), file('users.csv')])).toEqual({ kind: 'several-zips' })
  expect(choose([file('users.csv')])).toEqual({ kind: 'no-manifest' })
  expect(choose([file('manifest.csv'), file('名簿.xlsx')])).toEqual({ kind: 'foreign', names: ['名簿.xlsx'] })
})

it('counts the changes of all kinds', () => {
  expect(changesOf({ changes: { new: 3, card: 2 } })).toBe(5)
  expect(changesOf({})).toBe(0)
})

it('never says that all is done before it is', () => {
  expect([percent(0, 0), percent(999, 1000), percent(1000, 1000)]).toEqual([0, 99, 100])
  expect([megabytes(10), megabytes(12_345_678)]).toEqual(['0.1', '12.3'])
})
