import { t } from '@lingui/core/macro'

/** 「1年」, 「中3」. */
export function gradeWord(grade: string): string {
  const n = grade.slice(1)
  return grade.startsWith('J') ? t`中${n}` : t`${n}年`
}
