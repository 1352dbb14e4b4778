import { Trans, useLingui } from '@lingui/react/macro'
import { useId, useRef } from 'react'
import { Button } from '~/parts/Button'
import styles from './gakureibo.module.css'

interface PickProps {
  readonly file: File | null
  readonly onFile: (file: File) => void
  readonly off?: string | undefined
}

/** The one CSV file that a 学齢簿 is. */
export function Pick({ file, onFile, off }: PickProps) {
  const { t } = useLingui()
  const input = useRef<HTMLInputElement>(null)
  const hint = useId()
  return (
    <div className={styles.pick}>
      <Button look={file ? 'line' : 'filled'} size="large" off={off} aria-describedby={hint} onPress={() => input.current?.click()}>
        {file ? <Trans>べつのファイルを選ぶ</Trans> : <Trans>学齢簿のファイルを選ぶ</Trans>}
      </Button>
      <p id={hint} className={styles.hint}>
        {file ? (
          <strong>{file.name}</strong>
        ) : (
          <Trans>就学事務システムから書き出した CSV を1つ。4月に入学する子と、転入する子を取り込みます。選んだだけでは何も変わりません。</Trans>
        )}
      </p>
      <input
        ref={input}
        className={styles.input}
        type="file"
        accept=".csv,.txt"
        tabIndex={-1}
        aria-label={t`学齢簿のファイル`}
        onChange={({ target }) => {
          const chosen = target.files?.[0]
          if (chosen) onFile(chosen)
          target.value = '' // the same file may be chosen again after it was mended
        }}
      />
    </div>
  )
}
