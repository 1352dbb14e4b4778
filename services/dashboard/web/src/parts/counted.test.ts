import { expect, it } from 'vitest'
import { counted } from './counted'

it('groups digits by thousands, and writes what is shorter as it is', () => {
  expect([0, 35, 999, 1000, 19_990, 250_000, 1_234_567].map(counted)).toEqual(['0', '35', '999', '1,000', '19,990', '250,000', '1,234,567'])
})
