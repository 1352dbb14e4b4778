import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { fullDay, instant, japanDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import { KEY, PATH, type Rules, type Version } from './data'
import { Counting } from './words'
import styles from './Page.module.css'

/** Every version with its day and its reason, withdrawn ones among them; one that has not begun can be withdrawn. */
export function History({ of: { versions, revision }, onUse }: { readonly of: Rules; readonly onUse: (version: Version) => void }) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand(useMe().person.id)

  const [asked, setAsked] = useState<string | null>(null)

  async function withdraw(since: string) {
    if (sending) return
    setAsked(null)
    await send(`${PATH}/withdraw`, { since, seen: revision })
    await queries.invalidateQueries({ queryKey: [KEY] })
  }

  return (
    <Block title={<Trans>これまでとこれから</Trans>}>
      <Refused error={error} />
      {versions.length === 0 && (
        <p className={panel.aside}>
          <Trans>まだ変えていません。もともとの決まりを使っています。</Trans>
        </p>
      )}
      <ol className={styles.versions}>
        {versions.map((one) => (
          <li key={one.id} className={styles.version}>
            <Since version={one} />
            <Said version={one} />
            <p>{one.reason}</p>
            {one.rules.length === 0 ? (
              <p>
                <Trans>決まりなし</Trans>
              </p>
            ) : (
              <ul className={styles.counting}>
                {one.rules.map((rule) => (
                  <li key={rule.code}>
                    {rule.word}: <Counting rule={rule} />
                  </li>
                ))}
              </ul>
            )}
            <div className={panel.bar}>
              <Button size="small" onPress={() => onUse(one)} aria-label={t`これをもとに下書きする（${fullDay(one.since)}から）`}>
                <Trans>これをもとに下書きする</Trans>
              </Button>
              {one.state === 'coming' && asked !== one.id && (
                <Button size="small" onPress={() => setAsked(one.id)}>
                  <Trans>取りやめる</Trans>
                </Button>
              )}
            </div>
            {asked === one.id && (
              <Strip
                kind="look"
                live
                focused
                action={
                  <>
                    <Button size="small" onPress={() => void withdraw(one.since)}>
                      <Trans>取りやめて、始めない</Trans>
                    </Button>
                    <Button size="small" onPress={() => setAsked(null)}>
                      <Trans>取りやめないでおく</Trans>
                    </Button>
                  </>
                }
              >
                <Trans>この決まりは、まだ始まっていません。取りやめますか。</Trans>
              </Strip>
            )}
          </li>
        ))}
      </ol>
    </Block>
  )
}

function Since({ version: { since, state } }: { readonly version: Version }) {
  const day = fullDay(since)
  return (
    <strong>
      <Trans>{day}から</Trans>
      {state === 'holds' && (
        <span className={panel.good}>
          <Trans>いま使っている</Trans>
        </span>
      )}
      {state === 'coming' && (
        <span className={panel.wait}>
          <Trans>まだ始まっていない</Trans>
        </span>
      )}
      {state === 'withdrawn' && (
        <span className={panel.aside}>
          <Trans>取りやめた</Trans>
        </span>
      )}
      {state === 'replaced' && (
        <span className={panel.aside}>
          <Trans>始まった日のうちに決め直した</Trans>
        </span>
      )}
    </strong>
  )
}

function Said({ version }: { readonly version: Version }) {
  const day = (at: string) => fullDay(japanDay(instant(at) ?? 0))
  const [who, at] = [version.said_by && fullName(version.said_by), day(version.said_at)]
  const [gone, left] = [version.withdrawn_by && fullName(version.withdrawn_by), version.withdrawn_at && day(version.withdrawn_at)]
  return (
    <p className={panel.aside}>
      {who ? <Trans>{who}さんが{at}に決めた</Trans> : <Trans>{at}に決めた</Trans>}
      {left !== null && (
        <>
          {' '}
          {gone ? <Trans>{gone}さんが{left}に取りやめたか、決め直した</Trans> : <Trans>{left}に取りやめたか、決め直した</Trans>}
        </>
      )}
    </p>
  )
}
