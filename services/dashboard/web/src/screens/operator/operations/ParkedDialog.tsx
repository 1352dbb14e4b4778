import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { command } from '~/api/http'
import { Problem } from '~/api/problem'
import type { Handled, ParkedKey, ParkedRecord } from '~/api/types'
import { useRead } from '~/api/useRead'
import { uuid7 } from '~/api/uuid7'
import { useMe } from '~/app/me'
import { timeOf } from '~/dates/dates'
import { Button } from '~/parts/Button'
import { Dialog } from '~/parts/Dialog'
import { DialogButtons } from '~/parts/DialogButtons'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import { TextLine } from '~/parts/TextLine'
import panel from '~/parts/Panel.module.css'
import { operationsQuery, parkedPath, parkedQuery } from './data'
import { Reason } from './Reason'
import { useWords } from './words'
import styles from './Page.module.css'

const REASON_MAX = 200

/** What waits of one key: where it belongs and why, and the two ways out. What is in the records is not shown. */
export default function ParkedDialog({ of, onClose }: { readonly of: ParkedKey; readonly onClose: () => void }) {
  const { t } = useLingui()
  const me = useMe()
  const client = useQueryClient()
  const { data, error, again } = useRead(parkedQuery(of))
  const [throwing, setThrowing] = useState(false)
  const [reason, setReason] = useState('')
  const [said, setSaid] = useState<string | null>(null)
  const [still, setStill] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function act(what: 'retry' | 'discard') {
    if (what === 'discard' && reason.trim() === '') {
      setSaid(t`捨てるわけを書いてください`)
      return
    }
    setBusy(true)
    setSaid(null)
    setStill(null)
    try {
      const body = what === 'discard' ? { reason: reason.trim() } : {}
      const done = await command<Handled>(`${parkedPath(of)}/${what}`, body, uuid7(), me.person.id)
      await client.invalidateQueries({ queryKey: operationsQuery.queryKey })
      if (done.still === null) onClose()
      else setStill(done.still)
    } catch (failure) {
      setSaid(failure instanceof Problem ? failure.body.detail || failure.body.title : t`つながっていません。つながってから、もう一度押してください。`)
    }
    setBusy(false)
  }

  const name = useWords().copy(of)
  const wait = busy ? t`いま行っています` : undefined
  return (
    <Dialog open onClose={onClose} wide title={<Trans>{name} で待っている記録</Trans>}>
      <p className={panel.aside}>
        <Trans>
          対象の番号 <code className={styles.code}>{of.key}</code>。記録の中身は、ここには出しません。
        </Trans>
      </p>
      {throwing ? null : data ? <Records records={data.records} today={me.today} /> : error ? <CannotRead error={error} what={t`待っている記録`} onRetry={again} /> : <LoadingRows rows={3} />}
      {still !== null && (
        <p role="alert" className={styles.down}>
          <Trans>まだ取り込めません:</Trans> <Reason reason={still} />
        </p>
      )}
      {throwing && (
        <>
          <p>
            <Plural value={of.count} other="#件を捨てます。もとには戻せません。だれが、いつ、なぜ捨てたかは残ります。" />
          </p>
          <TextLine label={t`捨てるわけ`} required max={REASON_MAX} value={reason} onChange={setReason} autoFocus />
        </>
      )}
      {said !== null && (
        <p role="alert" className={styles.down}>
          {said}
        </p>
      )}
      <DialogButtons>
        {throwing ? (
          <>
            <Button look="filled" off={wait} onPress={() => void act('discard')}>
              <Plural value={of.count} other="#件を捨てる" />
            </Button>
            <Button onPress={() => setThrowing(false)}>
              <Trans>もどる</Trans>
            </Button>
          </>
        ) : (
          <>
            <Button look="filled" off={wait} onPress={() => void act('retry')} autoFocus>
              <Trans>もう一度取り込む</Trans>
            </Button>
            <Button onPress={() => setThrowing(true)}>
              <Trans>捨てる…</Trans>
            </Button>
            <Button onPress={onClose}>
              <Trans>閉じる</Trans>
            </Button>
          </>
        )}
      </DialogButtons>
    </Dialog>
  )
}

function Records({ records, today }: { readonly records: readonly ParkedRecord[]; readonly today: string }) {
  const { t } = useLingui()
  if (records.length === 0)
    return (
      <p>
        <Trans>もう待っていません。</Trans>
      </p>
    )
  const fields = records[0]?.fields
  return (
    <div className={panel.scroll} role="region" aria-label={t`待っている記録`} tabIndex={0}>
      <Table
        rows={records}
        id={({ epoch, position }) => `${epoch}.${position}`}
        columns={[
          { head: <Trans>位置</Trans>, cell: ({ position }) => String(position), number: true },
          { head: <Trans>わけ</Trans>, cell: ({ reason }) => <Reason reason={reason} /> },
          { head: <Trans>重要性</Trans>, cell: ({ importance }) => importance },
          { head: <Trans>記録した時刻</Trans>, cell: ({ recorded_at }) => timeOf(recorded_at, today), number: true },
          { head: <Trans>版</Trans>, cell: ({ version }) => version, number: true, wide: true },
          { head: <Trans>記録の種類</Trans>, cell: ({ type }) => <code className={styles.code}>{type}</code>, wide: true },
        ]}
      />
      {fields !== undefined && fields !== null && (
        <p className={panel.aside}>
          <Trans>記録にある項目: {fields.join('、')}</Trans>
        </p>
      )}
    </div>
  )
}
