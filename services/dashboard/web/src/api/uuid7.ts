import { clock } from '~/dates/clock'

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random. Commands made later sort later. */
export function uuid7(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  let ms = clock.now()
  for (let i = 5; i >= 0; i--) {
    bytes[i] = ms % 256
    ms = Math.floor(ms / 256)
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
