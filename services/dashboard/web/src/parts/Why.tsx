import { Trans } from '@lingui/react/macro'
import type { ProblemBody } from '~/api/problem'

/** Why a service did not take something, also where it could not say so itself. */
export function Why({ problem }: { readonly problem: ProblemBody }) {
  const said = [problem.title, problem.detail].filter(Boolean).join(' ')
  return said || <Trans>サーバーで処理できませんでした。時間をおいて、もう一度送ってください。</Trans>
}
