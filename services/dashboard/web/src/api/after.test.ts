import { expect, it } from 'vitest'
import { AfterMarks } from './after'

it('asks for the newest position until an answer has reached it', () => {
  const marks = new AfterMarks()
  expect(marks.header()).toBeNull()
  marks.note('registry:120')
  marks.note('registry:118')
  expect(marks.header()).toBe('registry:120')
  marks.reached({ registry: 119 })
  expect(marks.header()).toBe('registry:120')
  marks.reached({ registry: 120 })
  expect(marks.header()).toBeNull()
})

it('ignores answers without events and other writing', () => {
  const marks = new AfterMarks()
  for (const after of [null, undefined, '', 'registry', 'registry:x']) marks.note(after)
  expect(marks.header()).toBeNull()
})
