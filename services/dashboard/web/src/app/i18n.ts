import { i18n } from '@lingui/core'
import { messages } from '../locales/shell/ja.po'

/** Japanese is the source language. What every page may have to say is here; other words come with their screens. */
export function speakJapanese(): void {
  i18n.loadAndActivate({ locale: 'ja', messages })
}

export { i18n }
