import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'

/** What the kinds of changes are called, in the order in which a person looks at them. */
export const KINDS: Readonly<Record<string, MessageDescriptor>> = {
  enrolled: msg`在籍する`,
  left: msg`在籍でなくなる`,
  moved: msg`学校を移る`,
  class: msg`学級を移る`,
  number: msg`出席番号`,
  dates: msg`在籍の期間など`,
  new: msg`新しい人`,
  card: msg`氏名など`,
  kept: msg`手で直したまま残す`,
  overwritten: msg`手で直したものを上書き`,
  guardianship: msg`保護者`,
  protection: msg`支援措置`,
  duty: msg`職務`,
  organisation_new: msg`新しい学校・学級`,
  organisation: msg`学校・学級`,
  organisation_closed: msg`終わる学校・学級`,
  calendar: msg`年間予定`,
}
