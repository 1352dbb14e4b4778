import { msg } from '@lingui/core/macro'
import type { MessageDescriptor } from '@lingui/core'
import { useLingui } from '@lingui/react/macro'
import type { FeedState } from '~/api/types'
import styles from './Page.module.css'

const SERVICES: Readonly<Record<string, MessageDescriptor>> = {
  registry: msg`学籍`,
  identity: msg`統合ID`,
  dashboard: msg`画面`,
}

const COPIES: Readonly<Record<string, MessageDescriptor>> = {
  'registry/apps': msg`学習アプリの登録`,
  'identity/directory': msg`だれがいるか`,
  'identity/reaction:accounts': msg`アカウントの用意`,
  'dashboard/roster': msg`名簿`,
  'dashboard/school_day': msg`その日の出欠`,
  'dashboard/accounts': msg`アカウント`,
  'dashboard/feed:lunch-count': msg`給食の人数の配信`,
}

/** What services and copies are called; one that has no word yet keeps the name that commands take. */
export function useWords() {
  const { i18n } = useLingui()
  const service = (name: string) => (SERVICES[name] ? i18n._(SERVICES[name]) : name)
  const copy = ({ service: of, copy: name }: Pick<FeedState, 'service' | 'copy'>) => {
    const word = COPIES[`${of}/${name}`]
    return word ? `${service(of)} ${i18n._(word)}` : `${service(of)} ${name}`
  }
  return { service, copy }
}

/** In words, and below as `tsumugi status` and `tsumugi parked` have it. */
export function CopyName({ of }: { readonly of: Pick<FeedState, 'service' | 'copy'> }) {
  const words = useWords()
  return (
    <>
      {words.copy(of)}
      <code className={styles.own}>
        {of.service} {of.copy}
      </code>
    </>
  )
}

export function ServiceName({ name }: { readonly name: string }) {
  const word = useWords().service(name)
  return (
    <>
      {word}
      {word !== name && <code className={styles.own}>{name}</code>}
    </>
  )
}
