import { i18n } from '@lingui/core'
import { messages } from '~/locales/guardian/ja.po'
import { speakAsBefore } from './language'

/** The words of guardians' screens come with the first of them; every page here imports this. */
i18n.load('ja', messages)
speakAsBefore()
