import { i18n } from '@lingui/core'
import { messages } from '~/locales/ja.po'

/** The words of the staff's frame, and of screens that bring none. */
i18n.load('ja', messages)
