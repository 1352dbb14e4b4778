import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Navigate, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { useRead } from '~/api/useRead'
import { uuid7 } from '~/api/uuid7'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { Progress } from '~/parts/Progress'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import '../words'
import { BASE, uploadQuery } from './data'
import { Preview } from './Preview'
import { Problems } from './Problems'
import { megabytes, percent } from './rules'
import { atHand, send, useSending, type Sending } from './sending'
import type { Upload } from './types'
import styles from './imports.module.css'

const route = getRouteApi('/inside/imports/uploads/$uploadId')

/** One package: on its way, looked at, refused with its problems, or shown before it is applied. */
export default function UploadPage() {
  const { t } = useLingui()
  const { uploadId } = route.useParams()
  const { data, error, again } = useRead(uploadQuery(uploadId))
  useScreen(t`名簿取込`)
  return (
    <div className={panel.screen}>
      <Place title={t`名簿取込`} of={data?.school_name ? [data.school_name] : []} />
      {data ? (
        <Stage upload={data} />
      ) : error ? (
        <CannotRead error={error} what={t`送った名簿`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function Stage({ upload }: { readonly upload: Upload }) {
  const sending = useSending(upload.id)
  switch (upload.state) {
    case 'receiving':
      return <Receiving upload={upload} sending={sending} />
    case 'checking':
      return <Checking />
    case 'refused':
      return (
        <>
          <Problems upload={upload} />
          {upload.register && (
            <div>
              <LinkButton to="/imports/gakureibo">
                <Trans>対応づけを直して、もう一度選ぶ</Trans>
              </LinkButton>
            </div>
          )}
          <Discard upload={upload} />
        </>
      )
    case 'ready':
      return (
        <>
          {upload.stopped !== null && <Strip kind="wrong">{upload.stopped}</Strip>}
          {upload.anew && (
            <Strip kind="look" live>
              <Trans>確かめたあとで名簿が変わりました。いまの変更を、もう一度確かめてください。</Trans>
            </Strip>
          )}
          <Preview key={upload.preview} upload={upload} />
          <Discard upload={upload} />
        </>
      )
    case 'stopped':
      return (
        <>
          <Strip kind="wrong">{upload.stopped}</Strip>
          <Discard upload={upload} />
        </>
      )
    case 'beginning':
      return <Beginning />
    case 'begun':
      return <Navigate to="/imports/runs/$number" params={{ number: String(upload.run) }} replace />
  }
}

function Receiving({ upload, sending }: { readonly upload: Upload; readonly sending: Sending | undefined }) {
  const { t } = useLingui()
  const me = useMe()
  if (sending?.error)
    return (
      <>
        <Strip
          kind="wrong"
          live
          action={
            atHand(upload.id) && (
              <Button onPress={() => void send(upload.id, me.person.id)}>
                <Trans>もう一度送る</Trans>
              </Button>
            )
          }
        >
          {sending.error instanceof Problem ? (
            <>
              <strong>{sending.error.body.title}</strong> {sending.error.body.detail}
            </>
          ) : (
            <Trans>途中でつながらなくなりました。ここまでに送ったファイルは届いています。</Trans>
          )}
        </Strip>
        <Discard upload={upload} />
      </>
    )
  if (sending) {
    const [sent, whole] = [megabytes(sending.sent), megabytes(sending.whole)]
    return (
      <Progress label={t`送っています ${sent} / ${whole} MB`} value={percent(sending.sent, sending.whole)}>
        <Trans>ほかの画面を見ていても送ります。このタブは閉じないでください。</Trans>
      </Progress>
    )
  }
  return (
    <>
      <Strip kind="look">
        <Trans>送っている途中で画面が閉じられたか、ほかのタブで送っています。続かないときは捨てて、もう一度ファイルを選んでください。</Trans>
      </Strip>
      <Discard upload={upload} />
    </>
  )
}

function Checking() {
  const { t } = useLingui()
  return (
    <Progress label={t`名簿を確かめています`} value={null}>
      <Trans>大きな市の名簿では1分ほどかかります。この画面を離れても進みます。まだ何も変わっていません。</Trans>
    </Progress>
  )
}

function Beginning() {
  const { t } = useLingui()
  return (
    <Progress label={t`取り込みを始めています`} value={null}>
      <Trans>確かめたとおりかを、もう一度確かめています。この画面を離れても進みます。</Trans>
    </Progress>
  )
}

/** The way out: what was sent is deleted. */
function Discard({ upload }: { readonly upload: Upload }) {
  const me = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [failed, setFailed] = useState<Error | null>(null)
  async function discard() {
    setFailed(null)
    try {
      await command(`${BASE}/uploads/${upload.id}/discard`, {}, uuid7(), me.person.id)
      await queries.invalidateQueries({ queryKey: ['imports'] })
      await navigate({ to: '/imports' })
    } catch (error) {
      setFailed(error as Error)
    }
  }
  return (
    <>
      {failed && (
        <Strip kind="wrong" live>
          {failed instanceof NotConnected ? <Trans>つながっていません。まだ捨てていません。</Trans> : failed instanceof Problem ? failed.body.title : failed.message}
        </Strip>
      )}
      <div className={styles.buttons}>
        <LinkButton to="/imports">
          <Trans>一覧へ</Trans>
        </LinkButton>
        <Button look="text" onPress={() => void discard()}>
          <Trans>送った名簿を捨てる</Trans>
        </Button>
      </div>
    </>
  )
}
