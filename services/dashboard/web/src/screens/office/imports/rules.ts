import type { Found, Run, Upload } from './types'

/** Whether a process is at work on it, so that it looks different in a moment. */
export function isMoving({ state }: Upload): boolean {
  return state === 'receiving' || state === 'checking' || state === 'beginning'
}

export function isRunMoving({ working }: Run): boolean {
  return working
}

/** How many changes a package brings, of all kinds together. */
export function changesOf({ changes = {} }: Found): number {
  return Object.values(changes).reduce((sum, n) => sum + n, 0)
}

/** What is wrong with a choice of files before anything is sent. */
export type Choice =
  | { readonly kind: 'good'; readonly files: readonly File[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'foreign'; readonly names: readonly string[] }
  | { readonly kind: 'several-zips' }
  | { readonly kind: 'no-manifest' }

const isZip = ({ name }: { readonly name: string }) => name.toLowerCase().endsWith('.zip')

/** One zip, or CSV files with their manifest; whatever the system hides in a folder (.DS_Store) is passed over. */
export function choose(given: readonly File[]): Choice {
  const files = given.filter(({ name }) => !name.startsWith('.'))
  if (!files.length) return { kind: 'none' }
  const zips = files.filter(isZip)
  if (zips.length > 1 || (zips.length === 1 && files.length > 1)) return { kind: 'several-zips' }
  const foreign = files.filter((file) => !isZip(file) && !file.name.endsWith('.csv') && file.name !== 'companion.json')
  if (foreign.length) return { kind: 'foreign', names: foreign.map(({ name }) => name) }
  if (!zips.length && !files.some(({ name }) => name === 'manifest.csv')) return { kind: 'no-manifest' }
  return { kind: 'good', files }
}

/** Parts of a hundred, never 100 before the end. */
export function percent(done: number, whole: number): number {
  if (whole <= 0) return 0
  return done >= whole ? 100 : Math.min(99, Math.floor((100 * done) / whole))
}

/** 「12.3 MB」's number: one place, at least 0.1. */
export function megabytes(bytes: number): string {
  return Math.max(0.1, bytes / 1_000_000).toFixed(1)
}
