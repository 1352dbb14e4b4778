import { i18n } from '@lingui/core'
import { messages } from '../locales/ja.po'

/** Japanese is the source language and the only catalogue of this issue; others are loaded here when they exist. */
export function speakJapanese(): void {
  i18n.loadAndActivate({ locale: 'ja', messages })
}

export { i18n }
