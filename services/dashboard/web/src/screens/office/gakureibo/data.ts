import { queryOptions } from '@tanstack/react-query'
import { command, read } from '~/api/http'
import { uuid7 } from '~/api/uuid7'

/** What registry says of 学齢簿 and their columns. Names and codes exactly as on the wire. */
const base = (board: string) => `/api/registry/v1/boards/${board}/gakureibo`

export type Does = 'enters' | 'arrives' | 'nothing'

export interface Content {
  /** Item → heading of its column. */
  readonly columns: Readonly<Record<string, string>>
  /** How the file writes a school → which; null: none of the board's. */
  readonly schools: Readonly<Record<string, string | null>>
  readonly reasons: Readonly<Record<string, Does>>
}

export interface Mapping {
  readonly id: string
  readonly name: string
  readonly revision: number
  readonly content: Content
  readonly saved_at: string
  readonly saved_by: string
}

export interface Item {
  readonly item: string
  readonly word: string
  readonly needed: boolean
}

export interface Mappings {
  readonly items: readonly Item[]
  readonly schools: readonly { readonly id: string; readonly name: string }[]
  readonly mappings: readonly Mapping[]
  readonly years: readonly number[]
}

export interface Column {
  readonly heading: string
  readonly examples: readonly string[]
  readonly item: string | null
}

export interface Look {
  readonly columns: readonly Column[]
  readonly schools: readonly { readonly word: string; readonly school: string | null }[]
  readonly reasons: readonly { readonly word: string; readonly does: Does | null }[]
}

export const mappingsQuery = (board: string) =>
  queryOptions({
    queryKey: ['gakureibo-mappings', board],
    queryFn: ({ signal }) => read<Mappings>(`${base(board)}/mappings`, signal),
  })

/** Who asks, and of which board. */
export interface Asker {
  readonly board: { readonly id: string }
  readonly person: { readonly id: string }
}

const HEAD_BYTES = 512 * 1024
const LINE_FEED = 10
const PIECE = 0x8000

/** What the columns of a file are, by its beginning: nothing of it is kept. */
export async function lookAt(file: File, content: Content | null, { board, person }: Asker): Promise<Look> {
  let head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  if (file.size > HEAD_BYTES) head = head.slice(0, head.lastIndexOf(LINE_FEED) + 1)
  let text = ''
  for (let at = 0; at < head.length; at += PIECE) text += String.fromCharCode(...head.subarray(at, at + PIECE))
  const [school, reason] = [content?.columns['school'], content?.columns['reason']]
  const body = { file: file.name, head: btoa(text), ...(school ? { school } : {}), ...(reason ? { reason } : {}) }
  return command<Look>(`${base(board.id)}/columns`, body, uuid7(), person.id)
}

/** Nobody chooses it any more; what was brought with it goes on. */
export async function removeMapping({ id, revision }: Mapping, { board, person }: Asker): Promise<void> {
  await command(`${base(board.id)}/mappings/${id}/remove`, { seen: revision }, uuid7(), person.id)
}

export async function saveMapping(name: string, seen: number, content: Content, { board, person }: Asker): Promise<Mapping> {
  return command<Mapping>(`${base(board.id)}/mappings`, { name, seen, content }, uuid7(), person.id)
}
