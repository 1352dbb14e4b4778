import type { Counts, Family } from './data'

export interface Wanted {
  readonly guardian: string
  readonly pupil: string
  /** The open code that the page showed. */
  readonly seen: string | null
}

/** Who gets a sheet when "all who have none" are asked for: nobody who has signed in, nobody who holds one; each once. */
export function withoutSheet(families: readonly Family[]): readonly Wanted[] {
  const open = families.filter(({ state }) => state === 'none' || state === 'expired')
  return open.filter((one, i) => open.findIndex(({ guardian }) => guardian.id === one.guardian.id) === i).map(wanted)
}

export function wanted({ guardian, pupil, code }: Family): Wanted {
  return { guardian: guardian.id, pupil: pupil.id, seen: code?.id ?? null }
}

export const lacking = ({ none, expired }: Counts): number => none + expired

/** The bytes of a PDF that came as base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const raw = atob(base64)
  const bytes = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i)
  return bytes
}

export const full = ({ family, given }: { readonly family: string; readonly given: string }): string => `${family} ${given}`.trim() || '―'
