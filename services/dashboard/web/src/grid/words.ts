/** What the grid says, in words a person can act on. */
import { plural, t } from '@lingui/core/macro'
import type { GridState, Refusal, Rewriting, Said } from './model'

export interface SaidWords {
  readonly kind: 'wrong' | 'plain'
  readonly title: string
  readonly lines: readonly string[]
}

export function saidWords(said: Said, state: GridState): SaidWords {
  switch (said.kind) {
    case 'refused': {
      const n = said.cells.length
      const lines = said.cells.map((cell) => refusalLine(cell, state))
      if (said.by === 'entry') return { kind: 'wrong', title: lines[0] ?? '', lines: [t`元の値のままです。Esc で取りやめます。`] }
      return { kind: 'wrong', title: plural(n, { other: '貼り付けを取りやめました（#か所）' }), lines }
    }
    case 'rewritten': {
      const n = said.cells.length
      return { kind: 'plain', title: plural(n, { other: '書き方を直して入れました（#か所）' }), lines: said.cells.map((cell) => rewritingLine(cell, state)) }
    }
    case 'pasted':
      return { kind: 'plain', title: plural(said.n, { 0: '貼り付けた内容は、いまと同じです', other: '#か所に貼り付けました' }), lines: [] }
    case 'undone':
      return { kind: 'plain', title: plural(said.n, { other: '#か所を元に戻しました' }), lines: [] }
    case 'redone':
      return { kind: 'plain', title: plural(said.n, { other: '#か所をやり直しました' }), lines: [] }
    case 'locked':
      return { kind: 'plain', title: t`ここは見るだけです。入れることはできません。`, lines: [] }
    case 'nobody': {
      const { number } = said
      return { kind: 'wrong', title: t`${number}番はいません`, lines: [t`番号を打ち直すか、矢印で選んでください。`] }
    }
  }
}

/** 「3番 石井 蓮さん」; rows without a number by name alone. */
export function rowWords(state: GridState, row: number): string {
  const found = state.shape.rows[row]
  if (!found) return t`名簿にない行`
  const { name, number } = found
  return number === null ? t`${name}さん` : t`${number}番 ${name}さん`
}

function refusalLine({ row, col, typed, why }: Refusal, state: GridState): string {
  const who = rowWords(state, row)
  const column = state.shape.columns[col]?.label ?? ''
  switch (why.kind) {
    case 'unknown':
      return t`${who}の「${column}」: 「${typed}」という印はありません。`
    case 'unreadable':
      return t`${who}の「${column}」: 「${typed}」は${column}として読めません。`
    case 'range': {
      const { min, max } = why
      return t`${who}の「${column}」は ${min}〜${max} の数字で入れてください。入力: ${typed}`
    }
    case 'long': {
      const { max } = why
      return t`${who}の「${column}」は ${max} 文字までです。`
    }
    case 'blank':
      return t`${who}の「${column}」が空です。空のまま貼り付けることはできません。`
    case 'readonly':
      return t`${who}はほかの学級で記録するので、ここでは入れられません。`
    case 'name': {
      const { expected } = why
      return t`${who}: 貼り付けの名前「${typed}」は名簿の「${expected}」とちがいます。`
    }
    case 'no-row':
      return typed === '' ? t`名簿の人数より行が多くなっています。` : t`「${typed}」の行は、この学級の名簿にありません。`
    case 'no-column':
      return t`「${typed}」を入れる列がありません。`
  }
}

function rewritingLine({ row, col, typed, value }: Rewriting, state: GridState): string {
  const who = rowWords(state, row)
  const column = state.shape.columns[col]
  const label = column?.label ?? ''
  const read = column?.kind === 'choice' ? (column.choices.find(({ code }) => code === value)?.word ?? value) : value
  return t`${who}の「${label}」: 「${typed}」を「${read}」と読みました。`
}
