import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { Strip } from '~/parts/Strip'
import type { ListMember } from './data'
import { readPasted, type PastedRow, type Seat } from './rules'
import styles from './Page.module.css'

interface PasteProps {
  readonly members: readonly ListMember[]
  readonly onClose: () => void
  readonly onRead: (seats: readonly Seat[]) => void
}

/** Numbers and names from a spreadsheet; all of it fits, or nothing is taken and every line is told. */
export function Paste({ members, onClose, onRead }: PasteProps) {
  const { t } = useLingui()
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<readonly PastedRow[]>([])
  const count = wrong.length

  function take() {
    const read = readPasted(text, members)
    setWrong(read.wrong)
    if (!read.wrong.length) onRead(read.seats)
  }

  return (
    <Dialog open wide onClose={onClose} title={<Trans>番号と氏名を貼り付ける</Trans>}>
      <label className={styles.field}>
        <span>
          <Trans>表計算から、番号と氏名の2列をうつして、ここに貼り付けてください</Trans>
        </span>
        <textarea className={styles.text} rows={8} value={text} onChange={(event) => setText(event.target.value)} autoFocus spellCheck={false} />
      </label>
      {count > 0 && (
        <Strip kind="wrong" live>
          <strong>
            <Trans>貼り付けを取りやめました（{count}か所）</Trans>
          </strong>
          <ul className={styles.wrong}>
            {wrong.map(({ line, message }, i) => (
              <li key={i}>
                {line > 0 && <strong>{t`${line}行目`} </strong>}
                {message}
              </li>
            ))}
          </ul>
        </Strip>
      )}
      <DialogButtons>
        <Button look="filled" onPress={take}>
          <Trans>この番号にして並べる</Trans>
        </Button>
        <Button onPress={onClose} shortcut="Esc">
          <Trans>やめる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
