import { Trans } from '@lingui/react/macro'
import { isSentence, reasonOf } from './rules'

/** Why a record waits, in words; what the code says stays for whoever mends it. */
export function Reason({ reason }: { readonly reason: string | null }) {
  const found = reasonOf(reason)
  switch (found.kind) {
    case 'none':
      return <>―</>
    case 'hole':
      return <Trans>前の記録（第{found.version}版）が届いていません</Trans>
    case 'behind':
      return <Trans>前の記録を待っています</Trans>
    case 'fold':
      return <Trans>取り込む処理が失敗しました（{found.told}）</Trans>
    case 'unknown':
      return <Trans>読めない形の記録です（{found.told}）</Trans>
  }
}

/** Why a copy stands: the services' own sentence, or the name of a failure that is tried again and again. */
export function Because({ told }: { readonly told: string }) {
  if (isSentence(told)) return <>{told}</>
  return <Trans>失敗を繰り返しています（{told}）。もとが直ると、自分で続きます</Trans>
}
