import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { useRead } from '~/api/useRead'
import { uuid7 } from '~/api/uuid7'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogEnd } from '~/parts/DialogEnd'
import { LinkButton } from '~/parts/LinkButton'
import { Progress } from '~/parts/Progress'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { BASE, revertQuery, runQuery } from './data'
import { percent } from './rules'
import { Schools } from './Schools'
import type { Run } from './types'
import styles from './imports.module.css'

const route = getRouteApi('/inside/imports/runs/$number')

/** One import: how far it is, what it changed, and the way back. */
export default function RunPage() {
  const { t } = useLingui()
  const { number } = route.useParams()
  const { data, error, again } = useRead(runQuery(number))
  useScreen(t`取り込み ${number}`)
  return (
    <div className={panel.screen}>
      <Place title={t`取り込み ${number}`} of={data?.mapping ? [t`学齢簿（対応づけ ${data.mapping}）`] : data?.school_name ? [data.school_name] : []} />
      {data ? (
        <Work run={data} />
      ) : error ? (
        <CannotRead error={error} what={t`取り込みのようす`} onRetry={again} />
      ) : (
        <LoadingRows rows={6} />
      )}
    </div>
  )
}

function Work({ run }: { readonly run: Run }) {
  const me = useMe()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [failed, setFailed] = useState<Error | null>(null)
  async function act(word: 'resume' | 'revert') {
    setAsking(false)
    setFailed(null)
    try {
      await command(`${BASE}/runs/${run.run}/${word}`, {}, uuid7(), me.person.id)
    } catch (error) {
      setFailed(error as Error)
    }
    await queries.invalidateQueries({ queryKey: ['import-run', String(run.run)] })
    void queries.invalidateQueries({ queryKey: ['imports'] })
  }
  const open = run.state === 'applying' || run.state === 'reverting'
  return (
    <>
      <State run={run} />
      {run.stopped !== null && <Strip kind="wrong">{run.stopped}</Strip>}
      {failed && (
        <Strip kind="wrong" live>
          {failed instanceof NotConnected ? (
            <Trans>つながっていません。つながってから、もう一度押してください。</Trans>
          ) : failed instanceof Problem ? (
            <>
              <strong>{failed.body.title}</strong> {failed.body.detail} {failed.body.errors.map(({ cell, message }) => `${cell ?? ''} ${message}`).join('、')}
            </>
          ) : (
            failed.message
          )}
        </Strip>
      )}
      <Changed run={run} />
      <Schools schools={run.schools} />
      <div className={styles.buttons}>
        {open && !run.working && (
          <Button look="filled" onPress={() => void act('resume')}>
            <Trans>続ける</Trans>
          </Button>
        )}
        {!run.working && (run.state === 'done' || run.state === 'applying') && (
          <Button onPress={() => setAsking(true)}>
            <Trans>元に戻す</Trans>
          </Button>
        )}
        <LinkButton to="/imports">
          <Trans>一覧へ</Trans>
        </LinkButton>
      </div>
      {asking && <AskRevert run={run} onClose={() => setAsking(false)} onRevert={() => void act('revert')} />}
    </>
  )
}

function State({ run }: { readonly run: Run }) {
  const { t } = useLingui()
  const me = useMe()
  const { parts, parts_done: done } = run
  if (run.working && run.state !== 'reverted') {
    const back = run.state !== 'applying'
    return (
      <Progress
        label={back ? t`元に戻しています ${done} / ${parts}` : t`取り込んでいます ${done} / ${parts}`}
        value={parts > 0 ? percent(done, parts) : null}
      >
        {run.waiting !== null ? (
          <Trans>ほかの画面に届くのを待っています。授業の記録が先です。</Trans>
        ) : (
          <>
            {run.part && <Trans>{run.part}を終えました。</Trans>} <Trans>この画面を離れても進みます。</Trans>
          </>
        )}
      </Progress>
    )
  }
  if (run.state === 'reverted') {
    const [who, at] = [run.reverted_by ?? '', timeOf(run.reverted_at, me.today)]
    return (
      <Strip kind="plain" live>
        <strong>
          <Trans>元に戻しました</Trans>
        </strong>{' '}
        {at !== '' && (
          <Trans>
            （{at} {who}）
          </Trans>
        )}
      </Strip>
    )
  }
  if (run.state === 'done') {
    const at = timeOf(run.finished_at, me.today)
    return (
      <Strip kind="good" live>
        <strong>
          <Trans>取り込みました</Trans>
        </strong>{' '}
        <Trans>（{at}）</Trans>
      </Strip>
    )
  }
  return (
    <Strip kind="look" live>
      <strong>
        <Trans>
          途中で止まっています（{done} / {parts}）
        </Trans>
      </strong>{' '}
      <Trans>終わった学校までは取り込まれています。続けるか、元に戻してください。</Trans>
    </Strip>
  )
}

function Changed({ run }: { readonly run: Run }) {
  const me = useMe()
  const rows = Object.entries(run.counts).filter(([, numbers]) => numbers.some((n) => n > 0))
  const [who, at] = [run.started_by, timeOf(run.started_at, me.today)]
  return (
    <Block
      title={<Trans>変わったこと</Trans>}
      aside={
        <Trans>
          {at} {who}
        </Trans>
      }
      table
    >
      <div className={styles.numbers}>
        <Table
          rows={rows}
          id={([word]) => word}
          columns={[
            { head: <Trans>何が</Trans>, cell: ([word]) => word },
            { head: <Trans>新しい</Trans>, cell: ([, numbers]) => numbers[0] ?? 0, number: true },
            { head: <Trans>変わった</Trans>, cell: ([, numbers]) => numbers[1] ?? 0, number: true },
            { head: <Trans>終わった</Trans>, cell: ([, numbers]) => numbers[2] ?? 0, number: true },
          ]}
        />
      </div>
    </Block>
  )
}

function AskRevert({ run, onClose, onRevert }: { readonly run: Run; readonly onClose: () => void; readonly onRevert: () => void }) {
  const { t } = useLingui()
  const number = run.run
  const { data, error, refetch } = useQuery(revertQuery(number))
  return (
    <Dialog open onClose={onClose} role="alertdialog" title={<Trans>取り込み {number} を元に戻す</Trans>}>
      {!data && !error && <p>{t`頼っているものがないか、確かめています…`}</p>}
      {error && <CannotRead error={error} what={t`元に戻せるか`} onRetry={() => void refetch()} />}
      {data?.may && (
        <p>
          <Plural value={data.people} other="#人の名簿が、取り込む前に戻ります。" /> <Trans>取り込みで増えた人は、名簿に出なくなります。</Trans>
        </p>
      )}
      {data && !data.may && (
        <>
          <p>{data.why ?? t`この取り込みに頼っているものがあるので、元に戻せません。`}</p>
          <ul className={styles.losses}>
            {data.dependents.map(({ what, number: n }) => (
              <li key={what}>
                {what} <Plural value={n} other="#件" />
              </li>
            ))}
          </ul>
        </>
      )}
      <DialogEnd onClose={onClose}>
        {data?.may && (
          <Button look="filled" onPress={onRevert}>
            <Trans>取り込む前に戻す</Trans>
          </Button>
        )}
      </DialogEnd>
    </Dialog>
  )
}
