import { Trans, useLingui } from '@lingui/react/macro'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { useMe } from './me'
import { placesOf } from './rail'
import { shownScreen, type KeyHelp } from './screen'
import styles from './KeysHelp.module.css'

/** `?`: the keys of this screen and of the frame. */
export default function KeysHelp({ onClose }: { readonly onClose: () => void }) {
  const { t, i18n } = useLingui()
  const me = useMe()
  const screen = shownScreen()
  const everywhere: KeyHelp[] = [
    ...placesOf(me).map(({ letter, word }) => ({ keys: `g ${letter}`, word: i18n._(word) })),
    ...(placesOf(me).some(({ id }) => id === 'people') ? [{ keys: 'Ctrl+K', word: t`人をさがす` }] : []),
    { keys: '?', word: t`このキーの一覧` },
    { keys: 'Esc', word: t`開いているものを閉じる` },
  ]
  return (
    <Dialog open onClose={onClose} title={<Trans>キーの一覧</Trans>} wide>
      <div className={styles.lists}>
        {screen.keys.length > 0 && <Keys title={t`この画面`} keys={screen.keys} />}
        <Keys title={t`どの画面でも`} keys={everywhere} />
      </div>
      <DialogButtons>
        <Button onPress={onClose} autoFocus>
          <Trans>閉じる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function Keys({ title, keys }: { readonly title: string; readonly keys: readonly KeyHelp[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className={styles.keys}>
        {keys.map((line) => (
          <div key={line.keys} className={styles.line}>
            <dt>
              <kbd className={styles.key}>{line.keys}</kbd>
            </dt>
            <dd>{line.word}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
