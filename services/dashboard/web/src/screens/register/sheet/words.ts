import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'
import type { BesideMark, CellKind, Counts, Paper, State } from './data'
import type { Sign } from './rules'

/** Heads of the sums: the words of the paper (layout.py), and whole for whoever listens. */
export const SUMS: Readonly<Partial<Record<keyof Counts, { readonly short: MessageDescriptor; readonly whole: MessageDescriptor }>>> = {
  days: { short: msg`授業日数`, whole: msg`授業日数` },
  apart: { short: msg`出停・忌引等`, whole: msg`出席停止・忌引等の日数` },
  due: { short: msg`出席すべき日`, whole: msg`出席しなければならない日数` },
  sick: { short: msg`病気欠席`, whole: msg`病気による欠席日数` },
  other: { short: msg`事故欠席`, whole: msg`事故による欠席日数` },
  absent: { short: msg`欠席日数`, whole: msg`欠席日数` },
  present: { short: msg`出席日数`, whole: msg`出席日数` },
  late: { short: msg`遅刻`, whole: msg`遅刻の日数` },
  early: { short: msg`早退`, whole: msg`早退の日数` },
  credited: { short: msg`出席扱い`, whole: msg`出席扱いの日数。ほかの数には入りません` },
  unrecorded: { short: msg`未入力`, whole: msg`未入力の日数` },
}

/** What a cell without a symbol says. */
export const KINDS: Readonly<Partial<Record<CellKind, MessageDescriptor>>> = {
  struck: msg`在籍していない日`,
  closed: msg`学級閉鎖`,
  unrecorded: msg`未入力`,
}

/** What stands beside a day. */
export const BESIDE: Readonly<Record<BesideMark['kind'], MessageDescriptor>> = {
  credited: msg`出席扱い`,
  elsewhere: msg`別室`,
  kin: msg`続柄`,
}

/** Its sign on the sheet. */
export const SIGNS: Readonly<Record<Sign, MessageDescriptor>> = {
  credited: msg`扱 出席扱い（印だけの日は出席）`,
  elsewhere: msg`別 別室（出席）`,
}

/** What days of a former school are taken from. */
export const PAPERS: Readonly<Record<Paper, MessageDescriptor>> = {
  record_copy: msg`指導要録の写し`,
  certificate: msg`在学証明書`,
  told: msg`前の学校からの連絡`,
  other: msg`ほかの書類`,
}

/** How a class's month stands, beside its name. */
export const STATES: Readonly<Record<State, MessageDescriptor>> = {
  closed: msg`点検待ち`,
  checked: msg`点検済み`,
  returned: msg`差し戻し`,
}
