import { Trans } from '@lingui/react/macro'
import { timeOf } from '~/dates/dates'
import { useMe } from '~/app/me'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import type { Mapping } from './data'

interface RemoveProps {
  readonly mapping: Mapping
  readonly onClose: () => void
  readonly onRemove: () => void
}

/** It is everybody's of the office, and does not come back: asked first. */
export function Remove({ mapping: { name, saved_at, saved_by }, onClose, onRemove }: RemoveProps) {
  const at = timeOf(saved_at, useMe().today)
  return (
    <Dialog open onClose={onClose} role="alertdialog" title={<Trans>対応づけ「{name}」を消す</Trans>}>
      <p>
        <Trans>
          {saved_by}さんが {at} に保存したものです。消すと、課のだれもえらべなくなり、元には戻せません。これまでに取り込んだものは変わりません。
        </Trans>
      </p>
      <DialogButtons>
        <Button look="filled" onPress={onRemove}>
          <Trans>消す</Trans>
        </Button>
        <Button onPress={onClose}>
          <Trans>やめる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
