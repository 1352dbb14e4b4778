import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'
import type { LessonCode } from './data'

export const CODE_WORDS: Readonly<Record<LessonCode, MessageDescriptor>> = {
  here: msg`出席`,
  away: msg`欠課`,
  late: msg`遅れて`,
  left: msg`途中まで`,
}

/** One character for the table; 出席 steps back. */
export const CODE_GLYPHS: Readonly<Record<LessonCode, MessageDescriptor>> = {
  here: msg`・`,
  away: msg`欠`,
  late: msg`遅`,
  left: msg`途`,
}

/** Who says something of the day. */
export const SOURCES: Readonly<Record<string, MessageDescriptor>> = {
  teacher: msg`担任など`,
  office: msg`事務室`,
  nurse: msg`保健室`,
  notice: msg`家庭からの連絡`,
}
