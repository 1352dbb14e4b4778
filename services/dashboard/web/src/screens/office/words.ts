import { i18n } from '@lingui/core'
import { messages } from '~/locales/office/ja.po'

/** The office's words come with the first of its screens; every page of the office imports this. */
i18n.load('ja', messages)
