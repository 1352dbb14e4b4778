/**
 * Guardians' pages in the language a family reads. Japanese is the source; a translation is a file beside the catalogue,
 * fetched with what compiles it when somebody asks for it. Words that it has not stay Japanese.
 */
import { i18n, type Messages } from '@lingui/core'
import { messages as everybodys } from '~/locales/ja.po'
import { messages as guardians } from '~/locales/guardian/ja.po'

type Words = Readonly<Record<string, string>>

interface Language {
  readonly code: string
  /** Its own name: whoever needs it can read it. */
  readonly own: string
  /** What the page says it is (`lang`). */
  readonly tag: string
  readonly load?: () => Promise<{ readonly default: Words }>
}

/* eslint-disable tsumugi/no-loose-words -- languages by their own names are never translated */
export const LANGUAGES: readonly Language[] = [
  { code: 'ja', own: '日本語', tag: 'ja' },
  { code: 'ja-x-easy', own: 'やさしい日本語', tag: 'ja', load: () => import('~/locales/guardian/ja-x-easy.json') },
  { code: 'en', own: 'English', tag: 'en', load: () => import('~/locales/guardian/en.json') },
  { code: 'zh-Hans', own: '中文', tag: 'zh-Hans', load: () => import('~/locales/guardian/zh-Hans.json') },
  { code: 'pt-BR', own: 'Português', tag: 'pt-BR', load: () => import('~/locales/guardian/pt-BR.json') },
  { code: 'es', own: 'Español', tag: 'es', load: () => import('~/locales/guardian/es.json') },
  { code: 'vi', own: 'Tiếng Việt', tag: 'vi', load: () => import('~/locales/guardian/vi.json') },
  { code: 'fil', own: 'Filipino', tag: 'fil', load: () => import('~/locales/guardian/fil.json') },
  { code: 'ne', own: 'नेपाली', tag: 'ne', load: () => import('~/locales/guardian/ne.json') },
]
/* eslint-enable tsumugi/no-loose-words */

const KEY = 'tsumugi-language'

/** Show the pages in a language from now on, on this device. An unknown one, or one that cannot be had, changes nothing. */
export async function speak(code: string): Promise<void> {
  const found = LANGUAGES.find((one) => one.code === code)
  if (!found) return
  if (found.load) {
    const [{ default: words }, { compileMessage }, { generateMessageId }] = await Promise.all([
      found.load(),
      import('@lingui/message-utils/compileMessage'),
      import('@lingui/message-utils/generateMessageId'),
    ])
    const said = Object.entries(words).map(([source, translated]) => [generateMessageId(source), compileMessage(translated)] as const)
    const whole: Messages = { ...everybodys, ...guardians, ...(Object.fromEntries(said) as Messages) }
    i18n.load(code, whole)
  }
  i18n.activate(code)
  document.documentElement.lang = found.tag
  localStorage.setItem(KEY, code)
}

/** What this device chose before; without a network it stays Japanese until the next time. */
export function speakAsBefore(): void {
  const code = localStorage.getItem(KEY)
  if (code !== null && code !== 'ja') speak(code).catch(() => undefined)
}
