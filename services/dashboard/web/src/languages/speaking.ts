/**
 * Which language families' pages speak, and whether readings stand over 漢字. `i18n` has the words plain: for labels that
 * are read out, titles, and what is kept or sent. `marked` has the same words with readings, for <Trans>.
 */
import { i18n, setupI18n, type Messages } from '@lingui/core'
import { useSyncExternalStore } from 'react'
import { LANGUAGES, languageOf, readings, wished, type Language } from './languages'
import { plain } from './ruby'

export const marked = setupI18n()
// useLingui().t stands in attributes: without readings. <Trans> asks `_` itself.
marked.t = ((...asked: Parameters<typeof marked._>) => plain(marked._(...asked))) as typeof marked.t

export interface Speaking {
  readonly language: Language
  readonly furigana: boolean
}

const [JAPANESE] = LANGUAGES as readonly [Language]
const CODE = 'tsumugi-language'
const FURIGANA = 'tsumugi-furigana'

let japanese: Messages = {}
let over: Messages = {}
let now: Speaking = { language: JAPANESE, furigana: false }
let turn = 0
const listeners = new Set<() => void>()

/** Japanese words that came with a part of the front end. */
export function learn(messages: Messages): void {
  japanese = { ...japanese, ...messages }
  i18n.load('ja', messages)
  marked.load('ja', now.furigana ? { ...messages, ...over } : messages)
}

/** Speak from now on. What cannot be had (no network) changes nothing; false then. */
export async function speak(code: string, furigana: boolean): Promise<boolean> {
  const language = languageOf(code) ?? JAPANESE
  const mine = (turn += 1)
  let said = japanese
  try {
    if (language.load) said = (await language.load()).default
    else if (furigana) over = (await readings()).default
  } catch {
    return false
  }
  if (mine !== turn) return true
  const bare = language.load ? each(said, plain) : japanese
  i18n.load(language.code, bare)
  marked.load(language.code, furigana ? { ...said, ...(language.load ? {} : over) } : bare)
  now = { language, furigana }
  document.documentElement.lang = language.tag
  document.documentElement.dir = language.dir
  document.documentElement.toggleAttribute('data-furigana', furigana && language.kanji === true)
  i18n.activate(language.code)
  marked.activate(language.code)
  for (const listener of listeners) listener()
  return true
}

/** A compiled message is a text, or texts among what is put between them. */
function each(messages: Messages, change: (text: string) => string): Messages {
  const changed = (one: unknown): unknown => (typeof one === 'string' ? change(one) : Array.isArray(one) ? one.map(changed) : one)
  return Object.fromEntries(Object.entries(messages).map(([id, one]) => [id, changed(one)])) as Messages
}

/** What this device spoke last; the first time, what its reader has asked it for. */
export function speakAsBefore(): Promise<boolean> {
  const code = localStorage.getItem(CODE) ?? wished(navigator.languages).code
  return speak(code, localStorage.getItem(FURIGANA) === 'on')
}

/** A choice, kept on this device. */
export function keepSpeaking(code: string, furigana: boolean): void {
  localStorage.setItem(CODE, code)
  localStorage.setItem(FURIGANA, furigana ? 'on' : 'off')
}

/** Whether anybody has chosen on this device. */
export const hasChosen = (): boolean => localStorage.getItem(CODE) !== null

export function useSpeaking(): Speaking {
  return useSyncExternalStore(subscribe, () => now)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
