import { t } from '@lingui/core/macro'

/** 「1年」, 「中3」, 「年長」. */
export function gradeWord(grade: string): string {
  const n = grade.slice(1)
  if (grade.startsWith('E')) return [t`年少`, t`年中`, t`年長`][Number(n) - 1] ?? grade
  return grade.startsWith('J') ? t`中${n}` : t`${n}年`
}
