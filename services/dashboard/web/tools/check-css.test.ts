import { expect, it } from 'vitest'
import { problems } from './check-css.mjs'

it('finds colours and rules outside a layer', () => {
  expect(problems('@layer parts {\n  .a {\n    color: var(--key); /* #fff */\n  }\n}\n')).toEqual([])
  expect(problems('@layer parts {\n  .a {\n    color: #fff;\n  }\n}\n')).toHaveLength(1)
  expect(problems('@layer parts {\n  .a { background: rgb(0 0 0); }\n}\n')).toHaveLength(1)
  expect(problems('@layer parts {\n  .a { color: white; }\n}\n')).toHaveLength(1)
  expect(problems('@layer tokens {\n  :root { --a: #fff; }\n}\n', { tokens: true })).toEqual([])
  expect(problems('.a {\n  top: 0;\n}\n')).toEqual(['1: outside any @layer'])
})
