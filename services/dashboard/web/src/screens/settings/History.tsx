import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { fullDay, instant, japanDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { fullName } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import panel from '~/parts/Panel.module.css'
import type { Said, Sayings } from './dated'
import styles from './Dated.module.css'

interface HistoryProps<Version extends Said> {
  readonly of: Sayings<Version>
  readonly path: string
  /** What is read again when one is withdrawn. */
  readonly queryKey: readonly string[]
  /** What holds while nothing was said. */
  readonly none: string
  /** Go on writing from a version. */
  readonly onUse: (version: Version) => void
}

/** Every version with its day, in words; one that has not begun can be withdrawn. */
export function History<Version extends Said>({ of: { versions, revision }, path, queryKey, none, onUse }: HistoryProps<Version>) {
  const { t } = useLingui()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand(useMe().person.id)

  async function withdraw(since: string) {
    if (sending) return
    await send(`${path}/withdraw`, { since, seen: revision })
    await queries.invalidateQueries({ queryKey })
  }

  return (
    <Block title={<Trans>これまでとこれから</Trans>}>
      <Refused error={error} />
      {versions.length === 0 && <p className={panel.aside}>{none}</p>}
      <ol className={styles.versions}>
        {versions.map((one) => (
          <li key={one.since} className={styles.version}>
            <span>
              <Since version={one} />
              <By version={one} />
            </span>
            <span className={panel.bar}>
              <Button size="small" onPress={() => onUse(one)} aria-label={t`これをもとに書く（${fullDay(one.since)}から）`}>
                <Trans>これをもとに書く</Trans>
              </Button>
              {one.state === 'coming' && (
                <Button size="small" onPress={() => void withdraw(one.since)}>
                  <Trans>取りやめる</Trans>
                </Button>
              )}
            </span>
            <ul className={styles.words}>
              {one.words.map((words) => (
                <li key={words}>{words}</li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </Block>
  )
}

function Since({ version: { since, state } }: { readonly version: Said }) {
  const day = fullDay(since)
  return (
    <strong>
      <Trans>{day}から</Trans>
      {state === 'holds' && (
        <span className={panel.good}>
          <Trans>（いま使っている）</Trans>
        </span>
      )}
      {state === 'coming' && (
        <span className={panel.wait}>
          <Trans>（まだ始まっていない）</Trans>
        </span>
      )}
    </strong>
  )
}

function By({ version }: { readonly version: Said }) {
  const [who, at] = [version.said_by && fullName(version.said_by), fullDay(japanDay(instant(version.said_at) ?? 0))]
  return <span className={styles.by}>{who ? <Trans>{who}さんが{at}に入れた</Trans> : <Trans>{at}に入れた</Trans>}</span>
}
