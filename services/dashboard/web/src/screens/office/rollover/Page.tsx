import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { schoolYearWord, timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Progress } from '~/parts/Progress'
import { Refused } from '~/parts/Refused'
import { CannotRead, LoadingRows, NoRight } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { AskRevert } from './AskRevert'
import { BASE, rolloverQuery } from './data'
import { Onward } from './Onward'
import { Preview } from './Preview'
import { percent, standing } from './rules'
import type { Look, Rollover, Run } from './types'

const route = getRouteApi('/inside/rollover/$year')

/** 年度更新: what 1 April will do, made true beforehand, and taken back until the day. */
export default function RolloverPage() {
  const { t } = useLingui()
  const { year } = route.useParams()
  const { data, error, again } = useRead(rolloverQuery(year))
  useScreen(t`年度更新`)
  return (
    <div className={panel.screen}>
      <Place title={t`年度更新`} of={data ? [schoolYearWord(data.year)] : []} />
      {data ? (
        data.may_read ? (
          <Work page={data} year={year} />
        ) : (
          <NoRight />
        )
      ) : error ? (
        <CannotRead error={error} what={t`年度更新のようす`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function Work({ page, year }: { readonly page: Rollover; readonly year: string }) {
  const { t } = useLingui()
  const me = useMe()
  const queries = useQueryClient()
  const { send, sending, error } = useCommand(me.person.id)
  const [asking, setAsking] = useState(false)
  const { look } = page
  const run = standing(page.runs)
  const busy = run?.working === true
  const open = run !== null && (run.state === 'applying' || run.state === 'reverting')

  async function act(path: string, body: unknown = {}) {
    setAsking(false)
    if (!sending) await send(`${BASE}/${path}`, body)
    await queries.invalidateQueries({ queryKey: ['rollover', year] })
  }

  return (
    <>
      {run ? <State run={run} begun={page.begun} /> : page.begun ? <Strip kind="plain"><Trans>この年度は、もう始まっています。学級の変更は、子のカードから、日付を決めてします。</Trans></Strip> : null}
      {run?.stopped != null && <Strip kind="wrong">{run.stopped}</Strip>}
      <Refused error={error} />
      {page.may_apply && run && !busy && (
        <div className={panel.bar}>
          {open && (
            <Button look="filled" onPress={() => void act(`runs/${run.run}/resume`)}>
              <Trans>続ける</Trans>
            </Button>
          )}
          {!page.begun && run.state !== 'reverting' && (
            <Button onPress={() => setAsking(true)}>
              <Trans>元に戻す</Trans>
            </Button>
          )}
        </div>
      )}
      {!busy && !open && !page.begun && (
        <>
          <Ask page={page} sending={sending} onLook={() => void act(`${year}/looks`)} />
          {look && <Looked key={look.preview} look={look} page={page} year={year} sending={sending} onApply={(body) => void act(`${year}/apply`, body)} />}
        </>
      )}
      <Runs runs={page.runs} />
      {page.may_apply && !page.begun && !busy && !open && <Onward year={year} />}
      {asking && run && <AskRevert run={run} onClose={() => setAsking(false)} onRevert={() => void act(`runs/${run.run}/revert`)} />}
      {!page.may_apply && <p className={panel.note}>{t`年度更新を確かめて適用するのは、名簿を受け持つ課です。`}</p>}
    </>
  )
}

/** The way to a dry run; the first thing here, and again when something has been mended. */
function Ask({ page: { look, may_apply: may, runs }, sending, onLook }: { readonly page: Rollover; readonly sending: boolean; readonly onLook: () => void }) {
  const { t } = useLingui()
  if (!may || look?.state === 'looking' || look?.state === 'beginning') return null
  return (
    <div className={panel.bar}>
      <Button look={look ? 'line' : 'filled'} onPress={onLook} {...(sending ? { off: t`確かめ始めています` } : {})}>
        {look ? <Trans>もう一度確かめる</Trans> : <Trans>どうなるかを確かめる</Trans>}
      </Button>
      {!look && (
        <p className={panel.note}>
          {standing(runs) ? <Trans>適用したあとで学級の案や名簿が変わったときは、もう一度確かめて適用すると、変わったところだけが加わります。</Trans> : <Trans>確かめるだけでは何も変わりません。4月1日になると、適用したとおりに新しい年度になります。</Trans>}
        </p>
      )}
    </div>
  )
}

interface LookedProps {
  readonly look: Look
  readonly page: Rollover
  readonly year: string
  readonly sending: boolean
  readonly onApply: (body: unknown) => void
}

function Looked({ look, page, year, sending, onApply }: LookedProps) {
  const { t } = useLingui()
  const [done, parts] = [look.parts_done, look.parts]
  switch (look.state) {
    case 'looking':
      return (
        <Progress label={parts > 0 ? t`見通しを確かめています ${done} / ${parts}` : t`見通しを確かめています`} value={percent(done, parts)}>
          <Trans>まだ何も変わりません。この画面を離れても進みます。</Trans>
        </Progress>
      )
    case 'beginning':
      return (
        <Progress label={t`年度更新を始めています`} value={null}>
          <Trans>確かめたとおりかを、もう一度確かめています。この画面を離れても進みます。</Trans>
        </Progress>
      )
    case 'stopped':
      return <Strip kind="wrong">{look.stopped}</Strip>
    case 'ready':
      return (
        <>
          {look.stopped !== null && <Strip kind="wrong">{look.stopped}</Strip>}
          {look.anew && (
            <Strip kind="look" live>
              <Trans>確かめたあとで名簿か学級の案が変わりました。いまの見通しを、もう一度確かめてください。</Trans>
            </Strip>
          )}
          <Preview look={look} page={page} year={year} sending={sending} onApply={onApply} />
        </>
      )
    case 'begun':
      return null
  }
}

function State({ run, begun }: { readonly run: Run; readonly begun: boolean }) {
  const { t } = useLingui()
  const me = useMe()
  const { parts, parts_done: done } = run
  if (run.working)
    return (
      <Progress label={run.back ? t`元に戻しています ${done} / ${parts}` : t`適用しています ${done} / ${parts}`} value={percent(done, parts)}>
        {run.waiting !== null ? (
          <Trans>ほかの画面に届くのを待っています。授業の記録が先です。</Trans>
        ) : (
          <>
            {run.part && done > 0 && <Trans>{run.part}を終えました。</Trans>} <Trans>この画面を離れても進みます。</Trans>
          </>
        )}
      </Progress>
    )
  if (run.state === 'done') {
    const [at, who] = [timeOf(run.finished_at, me.today), run.started_by]
    return (
      <Strip kind="good" live>
        <strong>{begun ? <Trans>新しい年度になりました</Trans> : <Trans>適用しました。4月1日になると、このとおりになります</Trans>}</strong>{' '}
        <Trans>
          （{at} {who}）
        </Trans>
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
      <Trans>終わった学校まで進んでいます。続けるか、元に戻してください。</Trans>
    </Strip>
  )
}

function Runs({ runs }: { readonly runs: readonly Run[] }) {
  const me = useMe()
  if (!runs.length) return null
  return (
    <Block title={<Trans>年度更新の記録</Trans>} table>
      <Table
        rows={runs}
        id={({ run }) => String(run)}
        columns={[
          { head: <Trans>番号</Trans>, cell: ({ run }) => <Trans>年度更新 {run}</Trans> },
          { head: <Trans>いつ</Trans>, cell: ({ started_at }) => timeOf(started_at, me.today) },
          { head: <Trans>だれが</Trans>, cell: ({ started_by }) => started_by, wide: true },
          { head: <Trans>変わる人（卒業を除く）</Trans>, cell: ({ changed }) => changed, number: true },
          { head: <Trans>状態</Trans>, cell: (run) => <Word run={run} /> },
        ]}
      />
    </Block>
  )
}

function Word({ run: { state, working, reverted_by: who, reverted_at: at } }: { readonly run: Run }) {
  const me = useMe()
  if (state === 'reverted') {
    const when = timeOf(at, me.today)
    return (
      <Trans>
        元に戻しました（{when} {who}）
      </Trans>
    )
  }
  if (working) return <Trans>進んでいます</Trans>
  if (state === 'done')
    return (
      <span className={panel.good}>
        <Trans>適用しました</Trans>
      </span>
    )
  return (
    <span className={panel.wait}>
      <Trans>途中で止まっています</Trans>
    </span>
  )
}
