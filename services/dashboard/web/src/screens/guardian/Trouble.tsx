import { Trans } from '@lingui/react/macro'
import { NotConnected } from '~/api/problem'
import { PlainButton } from '~/parts/PlainButton'
import { Empty } from '~/parts/States'

/** A family's page has nothing to show: why, and the one thing to do. */
export function Trouble({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  const away = error instanceof NotConnected
  return (
    <Empty
      page
      title={away ? <Trans>つながっていません</Trans> : <Trans>いまは読み込めません</Trans>}
      action={
        <div>
          <PlainButton onPress={onRetry}>
            <Trans>もう一度読み込む</Trans>
          </PlainButton>
        </div>
      }
    >
      {away ? (
        <Trans>つながると、お子さんの連絡が出ます。</Trans>
      ) : (
        <Trans>少し待ってから、もう一度読み込んでください。お急ぎのときは、学校に電話してください。</Trans>
      )}
    </Empty>
  )
}
