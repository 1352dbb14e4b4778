import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { PlainLinkButton } from '~/parts/LinkButton'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import { Table } from '~/parts/Table'
import { BASE, rowsQuery } from './data'
import type { Row, Upload } from './types'
import styles from './imports.module.css'

/** What is wrong with a package, cell by cell, with what to do; and as a spreadsheet for whoever wrote it. */
export function Problems({ upload }: { readonly upload: Upload }) {
  const { t } = useLingui()
  const { total = 0, files = {}, notes = 0 } = upload.found
  const [file, setFile] = useState<string | null>(null)
  const question = file === null ? '' : `file=${encodeURIComponent(file)}`
  return (
    <>
      <Strip
        kind="wrong"
        live
        action={
          <PlainLinkButton look="filled" href={`${BASE}/uploads/${upload.id}/problems.xlsx`} download>
            <Trans>直すところを表で受け取る</Trans>
          </PlainLinkButton>
        }
      >
        <strong>
          <Plural value={total} other="直すところが#件あります。何も変えていません。" />
        </strong>{' '}
        <Trans>名簿を書き出したところで直し、もう一度ファイルを選んでください。</Trans>
      </Strip>
      <Block title={<Trans>直すところ</Trans>} aside={total > sum(files) && <Trans>同じ列に多いときは、はじめの1,000件を示します</Trans>} table>
        {Object.keys(files).length > 1 && (
          <div className={styles.choices} role="group" aria-label={t`ファイル`}>
            <Button size="small" aria-pressed={file === null} onPress={() => setFile(null)}>
              <Trans>すべて</Trans>
            </Button>
            {Object.entries(files).map(([name, count]) => (
              <Button key={name} size="small" aria-pressed={file === name} onPress={() => setFile(name)}>
                {name} <Plural value={count} other="#件" />
              </Button>
            ))}
          </div>
        )}
        <Rows upload={upload} question={question} what={t`直すところ`} />
      </Block>
      {notes > 0 && (
        <Block title={<Trans>読み替えたところ</Trans>} aside={<Trans>このままで読めました</Trans>} table>
          <Rows upload={upload} question="notes=true" what={t`読み替えたところ`} />
        </Block>
      )}
    </>
  )
}

/** Notes of a package that is right: what was read otherwise than it is written. */
export function Notes({ upload }: { readonly upload: Upload }) {
  const { t } = useLingui()
  return <Rows upload={upload} question="notes=true" what={t`読み替えたところ`} />
}

function Rows({ upload, question, what }: { readonly upload: Upload; readonly question: string; readonly what: string }) {
  const { data, error, refetch, fetchNextPage, hasNextPage } = useInfiniteQuery(rowsQuery(upload.id, upload.preview, 'problems', question))
  if (!data) return error ? <CannotRead error={error} what={what} onRetry={() => void refetch()} /> : <LoadingRows rows={6} />
  return (
    <>
      <Table
        stacked
        rows={data.pages.flatMap(({ rows }) => rows).map((row, n) => ({ ...row, n }))}
        id={({ n }) => String(n)}
        columns={[
          { head: <Trans>場所</Trans>, cell: (row) => <Cell row={row} /> },
          { head: <Trans>書かれている値</Trans>, cell: (row) => <span className={styles.value}>{row.value ?? row.before}</span> },
          {
            head: <Trans>わけと直し方</Trans>,
            cell: (row) => (
              <>
                <span className={styles.remedy}>{row.rule ?? row.told}</span>
                <span className={styles.remedy}>{row.remedy ?? (row.after ? `→ ${row.after}` : '')}</span>
              </>
            ),
          },
        ]}
      />
      {hasNextPage && (
        <div>
          <Button onPress={() => void fetchNextPage()}>
            <Trans>続きを見る</Trans>
          </Button>
        </div>
      )}
    </>
  )
}

function Cell({ row }: { readonly row: Row }) {
  const { file, line, column } = row
  return (
    <span className={styles.place}>
      <strong>{file}</strong> {typeof line === 'number' && <Trans>{line}行</Trans>} {column}
    </span>
  )
}

function sum(files: Readonly<Record<string, number>>): number {
  return Object.values(files).reduce((all, n) => all + n, 0)
}
