import { useSyncExternalStore } from 'react'
import { command } from '~/api/http'
import { sendFile } from '~/api/sendFile'
import { uuid7 } from '~/api/uuid7'
import { BASE } from './data'
import type { Upload } from './types'

/** A package on its way from this tab. It goes on while the person looks at other screens. */
export interface Sending {
  readonly sent: number
  readonly whole: number
  /** Set when a file did not get through; the files are still at hand. */
  readonly error: Error | null
}

const under = new Map<string, Sending>()
const files = new Map<string, readonly File[]>()
const listeners = new Set<() => void>()

function say(id: string, next: Sending | null): void {
  if (next) under.set(id, next)
  else under.delete(id)
  for (const listener of listeners) listener()
}

/** What this tab sends of an upload; undefined when it sends nothing of it. */
export function useSending(id: string): Sending | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => under.get(id),
  )
}

/** How a 学齢簿 is to be read. */
export interface Register {
  readonly mapping: string
  readonly school_year: number | null
}

/** Announces the files and begins to send them; answers the upload's id at once. */
export async function begin(school: string | null, chosen: readonly File[], owner: string, register?: Register): Promise<string> {
  const announced = chosen.map(({ name, size }) => ({ name, bytes: size }))
  const { id } = await command<Upload>(`${BASE}/uploads`, { school, files: announced, ...register }, uuid7(), owner)
  files.set(id, chosen)
  void send(id, owner)
  return id
}

/** Sends what has not been received yet, one file after the other. */
export async function send(id: string, owner: string): Promise<void> {
  const chosen = files.get(id) ?? []
  const whole = chosen.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  say(id, { sent: 0, whole, error: null })
  try {
    for (const file of chosen) {
      const from = before
      await sendFile(`${BASE}/uploads/${id}/files/${encodeURIComponent(file.name)}`, file, owner, (sent) => say(id, { sent: from + sent, whole, error: null }))
      before += file.size
    }
    files.delete(id)
    say(id, null)
  } catch (error) {
    say(id, { sent: before, whole, error: error as Error })
  }
}

/** Whether this tab still has the files, to send them again. */
export function atHand(id: string): boolean {
  return files.has(id)
}
