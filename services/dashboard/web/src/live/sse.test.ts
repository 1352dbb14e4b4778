import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SseParser } from './sse'

const STREAM = [
  ': heartbeat\n\n',
  'event: view\ndata: {"view":"school-day:a:2026-11-20","revision":4}\n\n',
  'event: view\r\ndata: 1\r\ndata: 2\r\n\r\n',
  'id: 7\ndata:without a space\n\n',
  'event: end\ndata:\n\n',
].join('')

const EVENTS = [
  { event: 'view', data: '{"view":"school-day:a:2026-11-20","revision":4}' },
  { event: 'view', data: '1\n2' },
  { event: 'message', data: 'without a space' },
  { event: 'end', data: '' },
]

it('reads events, joins data lines and passes over comments', () => {
  expect(new SseParser().push(STREAM)).toEqual(EVENTS)
})

it('reads the same events however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: STREAM.length - 1 }), { maxLength: 12 }), (cuts) => {
      const at = [0, ...new Set(cuts.toSorted((a, b) => a - b)), STREAM.length]
      const parser = new SseParser()
      const pieces = at.slice(1).map((end, i) => STREAM.slice(at[i], end))
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(EVENTS)
    }),
  )
})
