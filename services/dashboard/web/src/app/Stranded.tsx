import { Trans } from '@lingui/react/macro'
import { useState } from 'react'
import { byServer } from '~/api/http'
import { timeOf } from '~/dates/dates'
import type { Entry } from '~/outbox/rules'
import { outbox } from '~/outbox/useOutbox'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { LinkButton } from '~/parts/LinkButton'
import { Strip } from '~/parts/Strip'
import { Why } from '~/parts/Why'
import { useMe } from './me'
import styles from './Stranded.module.css'

/**
 * What is kept and cannot be mended in its grid: made by another version of the page (said on every screen), or
 * refused while its own screen cannot be read. Each with what to do.
 */
export default function Stranded({ entries }: { readonly entries: readonly Entry[] }) {
  const [dropping, setDropping] = useState<Entry | null>(null)
  return (
    <div className={styles.strips}>
      {entries.map((entry) => (
        <Kept key={entry.id} entry={entry} onDrop={() => setDropping(entry)} />
      ))}
      {dropping && <Drop entry={dropping} onClose={() => setDropping(null)} />}
    </div>
  )
}

function Kept({ entry, onDrop }: { readonly entry: Entry; readonly onDrop: () => void }) {
  const { label, screen, state, problem } = entry
  const at = timeOf(byServer(entry.made), useMe().today)
  return (
    <Strip
      kind="wrong"
      live
      action={
        <>
          {state === 'unknown' && (
            <>
              <Button size="small" onPress={() => location.reload()}>
                <Trans>読み込み直す</Trans>
              </Button>
              <LinkButton size="small" to={screen}>
                <Trans>入れた画面を開く</Trans>
              </LinkButton>
            </>
          )}
          {state === 'parked' && (
            <Button size="small" onPress={() => void outbox.retry(entry.id)}>
              <Trans>もう一度送る</Trans>
            </Button>
          )}
          <Button size="small" onPress={onDrop}>
            <Trans>控えを消す</Trans>
          </Button>
        </>
      }
    >
      <strong>
        <Trans>「{label}」がまだ届いていません</Trans>
      </strong>
      <span className={styles.more}>
        {state === 'unknown' ? (
          <Trans>{at} に、ちがう版の画面で入れたものです。読み込み直しても残るときは、入れた画面を開いて、もう一度入れてください。</Trans>
        ) : (
          <>
            <Trans>{at} に入れたものです。</Trans>
            {problem && <Why problem={problem} />}
          </>
        )}
      </span>
    </Strip>
  )
}

function Drop({ entry, onClose }: { readonly entry: Entry; readonly onClose: () => void }) {
  const { label } = entry
  return (
    <Dialog open onClose={onClose} title={<Trans>「{label}」の控えを消しますか</Trans>}>
      <p>
        <Trans>学校にはまだ届いていません。消すと、元に戻せません。</Trans>
      </p>
      <DialogButtons>
        <Button look="filled" onPress={onClose} autoFocus>
          <Trans>残しておく</Trans>
        </Button>
        <Button
          onPress={() => {
            onClose()
            void outbox.amend(entry.id, () => null)
          }}
        >
          <Trans>送らずに消す</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
