import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'
import type { Hours } from './data'

/** Heads of the sums: short as on paper, and whole for whoever listens. */
export const SUMS: Readonly<Record<keyof Hours, { readonly short: MessageDescriptor; readonly whole: MessageDescriptor }>> = {
  lessons: { short: msg`授業時数`, whole: msg`確定した授業時数` },
  apart: { short: msg`出停・忌引等`, whole: msg`出席停止・忌引等の日に受けなかった時数` },
  away: { short: msg`欠課`, whole: msg`欠課時数` },
  there: { short: msg`出席`, whole: msg`出席時数` },
  late: { short: msg`遅れて`, whole: msg`遅れて来た時数` },
  left: { short: msg`途中まで`, whole: msg`途中までの時数` },
  unrecorded: { short: msg`未入力`, whole: msg`未入力の時数` },
}

/** The columns on the right, in the order of the paper; 未入力 only where there are any. */
export function sumsOf(totals: Hours): readonly (keyof Hours)[] {
  const sums = ['lessons', 'apart', 'away', 'there', 'late', 'left'] as const
  return totals.unrecorded > 0 ? [...sums, 'unrecorded'] : sums
}
