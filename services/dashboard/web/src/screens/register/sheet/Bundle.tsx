import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { PlainLinkButton } from '~/parts/LinkButton'
import { Progress } from '~/parts/Progress'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Tiles } from '~/parts/Tiles'
import { bundlesPath, bundlesQuery, type Bundle as File, type Month } from './data'
import { monthNumber, unclosed } from './rules'
import styles from './Page.module.css'

/** Classes named one by one before the rest is only counted. */
const NAMED = 6
const WHOLE = 100

/** Every class's month in one file: what is not closed yet, how far it is, and the file. */
export default function Bundle({ month, onClose }: { readonly month: Month; readonly onClose: () => void }) {
  const { t } = useLingui()
  const [paper, setPaper] = useState('a4')
  const queries = useQueryClient()
  const { data, error: unread, again } = useRead(bundlesQuery(month.school.id))
  const { send, sending, error } = useCommand(useMe().person.id)
  const path = bundlesPath(month.school.id)
  const file = data?.bundles.find((one) => one.month === month.month && (one.state === 'writing' || one.state === 'ready' || one.state === 'stopped'))
  const n = monthNumber(month.month)

  async function act(rest: string, body: object) {
    if (sending) return
    await send(`${path}${rest}`, body)
    void queries.invalidateQueries({ queryKey: ['register-bundles'] })
  }
  return (
    <Dialog open onClose={onClose} title={<Trans>{month.school.name}の{n}月分をまとめて印刷</Trans>}>
      <Unclosed month={month} />
      {!data && (unread ? <CannotRead error={unread} what={t`まとめて印刷したもの`} onRetry={again} /> : <LoadingRows rows={2} />)}
      {file && <State file={file} minutes={data?.kept_minutes ?? 0} href={`${path}/${file.id}/pdf`} />}
      {file?.state !== 'writing' && <Tiles label={t`用紙`} tiles={[{ value: 'a4', content: 'A4' }, { value: 'a3', content: 'A3' }]} value={paper} onChange={setPaper} />}
      <Refused error={error} />
      <DialogButtons>
        {file?.state === 'writing' ? (
          <Button onPress={() => void act(`/${file.id}/remove`, {})}>
            <Trans>印刷を取りやめる</Trans>
          </Button>
        ) : (
          <Button look={file?.state === 'ready' ? 'line' : 'filled'} onPress={() => void act('', { month: month.month, paper })}>
            {file ? <Trans>もう一度つくる</Trans> : <Trans>印刷用のファイルをつくる</Trans>}
          </Button>
        )}
        <Button onPress={onClose} shortcut="Esc">
          <Trans>閉じる</Trans>
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

/** A class that is not closed is in the file all the same, and its sheet says so. */
function Unclosed({ month }: { readonly month: Month }) {
  const { t } = useLingui()
  const open = unclosed(month)
  if (open.length === 0)
    return (
      <p>
        <Trans>どの学級も締めてあります。</Trans>
      </p>
    )
  const named = open.slice(0, NAMED).map(({ name }) => name).join(t`、`)
  return (
    <Strip kind="look">
      <Plural value={open.length} other="まだ締めていない学級が#学級あります。締めていないと書いて、いっしょに印刷します。" />
      <br />
      {open.length > NAMED ? <Plural value={open.length - NAMED} other={`${named} ほか#学級`} /> : named}
    </Strip>
  )
}

function State({ file, minutes, href }: { readonly file: File; readonly minutes: number; readonly href: string }) {
  const { t } = useLingui()
  const { read, of, sheets, stopped } = file
  const size = file.paper.toUpperCase()
  if (file.state === 'stopped')
    return (
      <Strip kind="wrong" live>
        {stopped ?? t`途中で止まりました。もう一度つくってください。`}
      </Strip>
    )
  if (file.state === 'writing') {
    const label = of === 0 ? t`まもなく始めます` : read < of ? t`${read} / ${of} 学級を読みました` : t`${of}学級を読みました。紙に組んでいます`
    return (
      <Progress label={label} value={of === 0 ? null : read < of ? Math.round((read / of) * WHOLE) : null}>
        <Trans>この画面を離れても続きます。</Trans>
      </Progress>
    )
  }
  const when = timeOf(file.made_at, '')
  return (
    <Strip
      kind="good"
      action={
        <span className={styles.acts}>
          <PlainLinkButton href={href} download>
            <Trans>受け取る</Trans>
          </PlainLinkButton>
        </span>
      }
    >
      <Trans>
        {size}・{sheets}学級のファイルができました（{when}に頼んだもの）。{minutes}分のあいだ受け取れます。
      </Trans>
    </Strip>
  )
}
