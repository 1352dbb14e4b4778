import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import { rowsQuery } from './data'
import type { Row, Upload } from './types'
import { KINDS } from './words'
import styles from './imports.module.css'

/** Each change, old → new, of the kind that somebody asks for. */
export function Changes({ upload }: { readonly upload: Upload }) {
  const { t, i18n } = useLingui()
  const { changes = {} } = upload.found
  const [kind, setKind] = useState<string | null>(null)
  const kinds = Object.keys(KINDS).filter((each) => (changes[each] ?? 0) > 0)
  return (
    <Block title={<Trans>ひとつずつ見る</Trans>} table={kind !== null}>
      <div className={styles.choices} role="group" aria-label={t`変わることの種類`}>
        {kinds.map((each) => (
          <Button key={each} size="small" aria-pressed={kind === each} onPress={() => setKind(kind === each ? null : each)}>
            {i18n._(KINDS[each]!)} <Plural value={changes[each]!} other="#件" />
          </Button>
        ))}
      </div>
      {kind !== null && <OfKind key={kind} upload={upload} kind={kind} />}
    </Block>
  )
}

function OfKind({ upload, kind }: { readonly upload: Upload; readonly kind: string }) {
  const { t } = useLingui()
  const { data, error, refetch, fetchNextPage, hasNextPage } = useInfiniteQuery(
    rowsQuery(upload.id, upload.preview, 'changes', `kind=${encodeURIComponent(kind)}`),
  )
  if (!data) return error ? <CannotRead error={error} what={t`変わること`} onRetry={() => void refetch()} /> : <LoadingRows rows={6} />
  const hidden = data.pages.reduce((sum, page) => sum + page.hidden, 0)
  const rows = data.pages.flatMap((page) => page.rows).map((row, n) => ({ ...row, n }))
  return (
    <>
      {rows.length > 0 && (
        <Table
          rows={rows}
          id={({ n }) => String(n)}
          columns={[
            { head: <Trans>だれ・どこ</Trans>, cell: ({ who, what }: Row) => [who, what].filter(Boolean).join(' ') },
            { head: <Trans>もとの値</Trans>, cell: ({ before }: Row) => <Old>{before}</Old> },
            { head: <Trans>新しい値</Trans>, cell: ({ after }: Row) => <span className={styles.after}>{after || '―'}</span> },
          ]}
        />
      )}
      {hidden > 0 && (
        <p className={styles.names}>
          <Plural value={hidden} other="支援措置を受けている児童生徒の変更が、ほかに#件あります。ここには出しません。" />
        </p>
      )}
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

function Old({ children }: { readonly children: string | undefined }) {
  return children ? <del className={styles.before}>{children}</del> : <>―</>
}
