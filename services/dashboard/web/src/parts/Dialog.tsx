import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import type { ReactNode } from 'react'
import styles from './Dialog.module.css'

interface DialogProps {
  readonly open: boolean
  /** Escape, or a press outside: nothing happened. */
  readonly onClose: () => void
  readonly title: ReactNode
  readonly children: ReactNode
  readonly role?: 'dialog' | 'alertdialog'
  readonly wide?: boolean
}

/** For one decision only. The focus goes back to where it was. */
export function Dialog({ open, onClose, title, children, role = 'dialog', wide = false }: DialogProps) {
  return (
    <ModalOverlay isOpen={open} onOpenChange={(is) => !is && onClose()} isDismissable={role === 'dialog'} className={styles.veil!}>
      <Modal className={styles.modal!} data-wide={wide ? '' : undefined}>
        <AriaDialog role={role} className={styles.dialog!}>
          <Heading slot="title" level={2} className={styles.title!}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
