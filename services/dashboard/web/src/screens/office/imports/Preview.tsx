import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { uuid7 } from '~/api/uuid7'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { counted } from '~/parts/counted'
import { Strip } from '~/parts/Strip'
import { Sure } from '~/parts/Sure'
import { Table } from '~/parts/Table'
import { Changes } from './Changes'
import { BASE, uploadQuery } from './data'
import { Notes } from './Problems'
import { changesOf } from './rules'
import { Schools } from './Schools'
import type { Found, Loss, Upload } from './types'
import styles from './imports.module.css'

const CLASSES_SHOWN = 24

/** What would change: numbers first, each change on demand, and the one button. */
export function Preview({ upload }: { readonly upload: Upload }) {
  const { found } = upload
  const notes = found.notes ?? 0
  return (
    <>
      {found.nothing ? (
        <Strip kind="good" live>
          <strong>
            <Trans>変更はありません</Trans>
          </strong>{' '}
          <Trans>すべてこの名簿のとおりになっています。</Trans>
        </Strip>
      ) : (
        <>
          {found.resembling && found.resembling.children > 0 && <Resembling {...found.resembling} />}
          <Apply upload={upload} />
          <Numbers found={found} />
          <Changes upload={upload} />
        </>
      )}
      {notes > 0 && (
        <Block title={<Trans>読み替えたところ</Trans>} aside={<Trans>書かれているとおりではなく、次のように読みました</Trans>} table>
          <Notes upload={upload} />
        </Block>
      )}
    </>
  )
}

function Resembling({ children: many, lines }: NonNullable<Found['resembling']>) {
  const number = counted(many)
  return (
    <Strip kind="plain">
      <strong>
        <Trans>新しい子のうち{number}人は、もう名簿にいる子と同じ子かもしれません（学齢簿の{lines}）。</Trans>
      </strong>{' '}
      <Trans>取り込んだあと、「名寄せ」で一人ずつたずねます。答えるまでは、べつのカードのままです。</Trans>
    </Strip>
  )
}

function Apply({ upload }: { readonly upload: Upload }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const { losses = [] } = upload.found
  const [sure, setSure] = useState(false)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<Error | null>(null)
  // One act, one id: pressed again after a lost answer it is the same command.
  const [id] = useState(uuid7)

  async function apply() {
    setBusy(true)
    setFailed(null)
    try {
      await command(`${BASE}/uploads/${upload.id}/apply`, { preview: upload.preview, confirm_losses: losses.length > 0 }, id, me.person.id)
    } catch (error) {
      setFailed(error as Error)
      setBusy(false)
    }
    await queries.invalidateQueries({ queryKey: uploadQuery(upload.id).queryKey })
    void queries.invalidateQueries({ queryKey: ['imports'] })
  }

  return (
    <>
      {losses.length > 0 && <Losses losses={losses} sure={sure} onSure={setSure} />}
      {failed && (
        <Strip kind="wrong" live>
          {failed instanceof NotConnected ? (
            <Trans>つながっていません。取り込みは始まっていません。つながってから、もう一度押してください。</Trans>
          ) : failed instanceof Problem ? (
            <>
              <strong>{failed.body.title}</strong> {failed.body.detail}
            </>
          ) : (
            failed.message
          )}
        </Strip>
      )}
      <div className={styles.buttons}>
        <Button
          look="filled"
          size="large"
          off={busy ? t`取り込みを始めています` : losses.length > 0 && !sure ? t`いなくなる人を確かめてから取り込みます` : undefined}
          onPress={() => void apply()}
        >
          <Plural value={changesOf(upload.found)} other="取り込む（変更#件）" />
        </Button>
        <p className={styles.names}>
          <Trans>押すまでは何も変わりません。取り込んだあとも、元に戻せます。</Trans>
        </p>
      </div>
    </>
  )
}

function Losses({ losses, sure, onSure }: { readonly losses: readonly Loss[]; readonly sure: boolean; readonly onSure: (sure: boolean) => void }) {
  const told = losses.map((loss) => ({ ...loss, before: counted(loss.pupils), going: counted(loss.leaving) }))
  return (
    <Strip kind="look">
      <strong>
        <Trans>思いがけず多くがいなくなる名簿です。全員分がそろっているか、確かめてください。</Trans>
      </strong>
      <ul className={styles.losses}>
        {told.map(({ school, before, going, classes, closes }) => (
          <li key={school}>
            <Trans>
              {school}: {before}人のうち{going}人が在籍でなくなります。
            </Trans>
            {closes && <Trans>学校がなくなります。</Trans>}
            {classes.length > 0 && <Trans>なくなるか空になる学級: {classes.join('、')}。</Trans>}
          </li>
        ))}
      </ul>
      <Sure sure={sure} onSure={onSure}>
        <Trans>確かめました。この人数がいなくなってよい</Trans>
      </Sure>
    </Strip>
  )
}

function Numbers({ found }: { readonly found: Found }) {
  const { counts = {}, schools = [], classes = [], accounts } = found
  const more = classes.length - CLASSES_SHOWN
  return (
    <>
      <Block title={<Trans>変わること</Trans>} table>
        <div className={styles.numbers}>
          <Table
            rows={Object.entries(counts).filter(([, { new: one, changed, ended }]) => one + changed + ended > 0)}
            id={([word]) => word}
            columns={[
              { head: <Trans>何が</Trans>, cell: ([word]) => word },
              { head: <Trans>新しい</Trans>, cell: ([, each]) => each.new, number: true },
              { head: <Trans>変わる</Trans>, cell: ([, each]) => each.changed, number: true },
              { head: <Trans>終わる</Trans>, cell: ([, each]) => each.ended, number: true },
            ]}
          />
        </div>
        {classes.length > 0 && (
          <p className={styles.names}>
            <Plural value={classes.length} other="名簿が変わる学級 #:" /> {classes.slice(0, CLASSES_SHOWN).join('、')}
            {more > 0 && <Plural value={more} other=" ほか#学級" />}
          </p>
        )}
        {accounts && accounts.opened + accounts.closed + accounts.changed > 0 && (
          <p className={styles.names}>
            <Trans>
              アカウント: 新しく使える{accounts.opened}人、使えなくなる{accounts.closed}人、役割が変わる{accounts.changed}人
            </Trans>
          </p>
        )}
      </Block>
      <Schools schools={schools} />
    </>
  )
}
