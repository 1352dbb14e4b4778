/** The languages that families' pages speak. A translation is a file that comes when somebody asks for it. */
import type { Messages } from '@lingui/core'

export interface Language {
  readonly code: string
  /** Its own name: whoever needs it can read it. */
  readonly own: string
  /** What the page says it is (`lang`), and what Intl writes days and times in. */
  readonly tag: string
  readonly dir: 'ltr' | 'rtl'
  /** Written with 漢字, over which readings can stand. */
  readonly kanji?: boolean
  /** Compiled by the build (vite.config.ts). */
  readonly load?: () => Promise<{ readonly default: Messages }>
}

/* eslint-disable tsumugi/no-loose-words -- languages by their own names are never translated */
export const LANGUAGES: readonly Language[] = [
  { code: 'ja', own: '日本語', tag: 'ja', dir: 'ltr', kanji: true },
  { code: 'ja-x-easy', own: 'やさしい日本語', tag: 'ja', dir: 'ltr', kanji: true, load: () => import('~/locales/guardian/ja-x-easy.json') },
  { code: 'en', own: 'English', tag: 'en', dir: 'ltr', load: () => import('~/locales/guardian/en.json') },
  { code: 'zh-Hans', own: '中文', tag: 'zh-Hans', dir: 'ltr', load: () => import('~/locales/guardian/zh-Hans.json') },
  { code: 'pt-BR', own: 'Português', tag: 'pt-BR', dir: 'ltr', load: () => import('~/locales/guardian/pt-BR.json') },
  { code: 'es', own: 'Español', tag: 'es', dir: 'ltr', load: () => import('~/locales/guardian/es.json') },
  { code: 'vi', own: 'Tiếng Việt', tag: 'vi', dir: 'ltr', load: () => import('~/locales/guardian/vi.json') },
  { code: 'fil', own: 'Filipino', tag: 'fil', dir: 'ltr', load: () => import('~/locales/guardian/fil.json') },
  { code: 'ne', own: 'नेपाली', tag: 'ne', dir: 'ltr', load: () => import('~/locales/guardian/ne.json') },
]
/* eslint-enable tsumugi/no-loose-words */

/** Readings of the Japanese words, by hand. */
export const readings = (): Promise<{ readonly default: Messages }> => import('~/locales/guardian/ja-ruby.json')

export function languageOf(code: string | undefined | null): Language | undefined {
  return LANGUAGES.find((one) => one.code === code)
}

/** Which of ours a reader has asked their device for, the first wish first; Japanese where none is ours. */
export function wished(tags: readonly string[]): Language {
  for (const tag of tags) {
    const [first = ''] = tag.toLowerCase().split('-')
    const found = LANGUAGES.find(({ code }) => code.toLowerCase().split('-')[0] === (first === 'tl' ? 'fil' : first))
    if (found) return found
  }
  return LANGUAGES[0]!
}
