/** A small class with all three kinds of column, for tests of the grid. */
import { reduce, EMPTY, cellKey, type Choice, type Column, type GridState, type Held, type Row } from '../model'

const mark = (code: string, key: string, glyph: string, word: string, tint: Choice['tint'] = 'none'): Choice => ({ code, key, glyph, word, tint })

export const CHOICES: readonly Choice[] = [
  mark('present', ' ', '', '出席'),
  mark('absent_sick', 'K', '病', '病欠', 'absent'),
  mark('absent_other', 'J', '事', '事故欠', 'absent'),
  mark('late', 'C', 'チ', '遅刻', 'late'),
  mark('early_leave', 'S', '早', '早退', 'late'),
  mark('suspended', 'T', '停', '出席停止', 'apart'),
]

export const COLUMNS: readonly Column[] = [
  { id: 'attendance', kind: 'choice', label: '出欠', choices: CHOICES },
  { id: 'temperature', kind: 'number', label: '体温', min: 34, max: 42, decimals: 1, shorthand: true },
  { id: 'note', kind: 'text', label: '備考', max: 20 },
]

const NAMES = ['青木 陽菜', '石井 蓮', '上田 結衣', '江口 湊', '大野 葵', '加藤 律', '木村 凛', '久保 樹', '小林 澪', '佐藤 蒼', '清水 紬', '鈴木 朔']

export function rows(n = 12): Row[] {
  return Array.from({ length: n }, (_, i) => ({ id: `p${i + 1}`, number: i + 1, name: NAMES[i % NAMES.length]!, reading: '', tag: '', editable: true }))
}

export function sample(options: { columns?: readonly Column[]; rows?: readonly Row[]; locked?: boolean; held?: Record<string, string> } = {}): GridState {
  const shape = { columns: options.columns ?? COLUMNS, rows: options.rows ?? rows(), locked: options.locked ?? false }
  const held = new Map<ReturnType<typeof cellKey>, Held>()
  for (const row of shape.rows)
    for (const column of shape.columns) {
      const value = options.held?.[`${row.id}|${column.id}`] ?? null
      held.set(cellKey(row.id, column.id), { value, revision: value === null ? 0 : 1 })
    }
  return reduce(EMPTY, { type: 'arrived', shape, held })
}
