import { i18n } from '@lingui/core'
import { messages } from '~/locales/register/ja.po'

/** The words of these screens come with the first of them; every page here imports this. */
i18n.load('ja', messages)
