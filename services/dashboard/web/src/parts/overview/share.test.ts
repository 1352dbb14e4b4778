import { i18n } from '@lingui/core'
import { beforeAll, expect, test } from 'vitest'
import { percent, shareOf } from './share'

beforeAll(() => i18n.loadAndActivate({ locale: 'ja', messages: {} }))

test('shares are whole per cent, and nobody is rounded away', () => {
  expect([0, 0.004, 0.0286, 0.5, 1].map(percent)).toEqual(['0%', '1%未満', '3%', '50%', '100%'])
})

test('there is no share of nobody, and none of what is not told', () => {
  expect([shareOf(0, 0), shareOf(null, 30), shareOf(1, null)]).toEqual([null, null, null])
  expect(shareOf(9, 35)).toBe('26%')
})
