import { Trans, useLingui } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { CannotRead } from '~/parts/States'
import { revertQuery } from './data'
import type { Run } from './types'

/** Whether it can be taken back is asked before it is offered. */
export function AskRevert({ run, onClose, onRevert }: { readonly run: Run; readonly onClose: () => void; readonly onRevert: () => void }) {
  const { t } = useLingui()
  const number = run.run
  const { data, error, refetch } = useQuery(revertQuery(number))
  return (
    <Dialog open onClose={onClose} role="alertdialog" title={<Trans>年度更新 {number} を元に戻す</Trans>}>
      {!data && !error && <p>{t`頼っているものがないか、確かめています…`}</p>}
      {error && <CannotRead error={error} what={t`元に戻せるか`} onRetry={() => void refetch()} />}
      {data?.may && (
        <p>
          <Trans>来年度の在籍・学級・担任が、適用する前に戻ります。学校の学級の案は残ります。いまの年度は何も変わりません。</Trans>
        </p>
      )}
      {data && !data.may && <p>{data.why}</p>}
      <DialogButtons>
        {data?.may && (
          <Button look="filled" onPress={onRevert}>
            <Trans>適用する前に戻す</Trans>
          </Button>
        )}
        <Button onPress={onClose}>
          <Trans>やめる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
