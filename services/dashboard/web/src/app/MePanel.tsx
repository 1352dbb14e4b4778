import { Trans, useLingui } from '@lingui/react/macro'
import type { RefObject } from 'react'
import { Dialog, Popover } from 'react-aria-components'
import { Button } from '~/parts/Button'
import { Name } from '~/parts/Name'
import { useMe } from './me'
import styles from './TopLine.module.css'

interface MePanelProps {
  readonly trigger: RefObject<HTMLButtonElement | null>
  readonly onClose: () => void
  readonly onHelp: () => void
  readonly onLeave: () => void
}

/** Who I am here, with which duties, and the way out. */
export default function MePanel({ trigger, onClose, onHelp, onLeave }: MePanelProps) {
  const { t } = useLingui()
  const me = useMe()
  const then = (act: () => void) => () => {
    onClose()
    act()
  }
  return (
    <Popover isOpen onOpenChange={(open) => !open && onClose()} triggerRef={trigger} placement="bottom end" className={styles.menu!}>
      <Dialog className={styles.sheet!} aria-label={t`わたし`}>
        <p className={styles.who}>
          <Name person={me.person} ruby />
        </p>
        <p className={styles.board}>{me.board.name}</p>
        <ul className={styles.roles}>
          {me.roles.map((role, i) => (
            <li key={i}>{[role.school?.name, role.class?.name, role.label].filter(Boolean).join(' ')}</li>
          ))}
        </ul>
        <div className={styles.acts}>
          <Button onPress={then(onHelp)} shortcut="?">
            <Trans>キーの一覧</Trans>
          </Button>
          <Button onPress={then(onLeave)}>
            <Trans>サインアウト</Trans>
          </Button>
        </div>
      </Dialog>
    </Popover>
  )
}
