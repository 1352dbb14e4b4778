import { i18n } from '@lingui/core'
import { messages } from '~/locales/overview/ja.po'

/** The words of overviews come with the first screen that shows one. */
i18n.load('ja', messages)
