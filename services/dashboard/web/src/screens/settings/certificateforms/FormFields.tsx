import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { Area } from '~/parts/Area'
import { Button } from '~/parts/Button'
import { Choose, Field } from '~/parts/Field'
import type { Form, FormsPage, Kind, Row } from './data'
import { linesOf, moved, sizeOf } from './rules'
import panel from '~/parts/Panel.module.css'
import styles from './Page.module.css'

const EXAMPLE = '{year}-{serial}'

interface FormFieldsProps {
  readonly form: Form
  readonly kind: Kind
  readonly page: FormsPage
  readonly onForm: (form: Form) => void
}

/** Everything that a form says. What cannot be is told by the sample at once, and when it is saved. */
export function FormFields({ form, kind, page, onForm }: FormFieldsProps) {
  const { t } = useLingui()
  const [size, setSize] = useState(String(form.size))
  const [body, setBody] = useState(form.body.join('\n'))
  const [left, setLeft] = useState(form.body_left.join('\n'))
  const set = (change: Partial<Form>) => onForm({ ...form, ...change })
  return (
    <div className={styles.form}>
      <Fields page={page} />
      <Field label={<Trans>題名</Trans>} value={form.title} onChange={(title) => set({ title })} />
      <Field label={<Trans>番号</Trans>} hint={<Trans>例 {EXAMPLE}。番号は学校・年度・証明書ごとに付きます。</Trans>} value={form.number} onChange={(number) => set({ number })} />
      <Rows rows={form.rows} page={page} onRows={(rows) => set({ rows })} />
      <Area
        label={<Trans>在学中の文（1行に1文）</Trans>}
        value={body}
        rows={3}
        onChange={(text) => {
          setBody(text)
          set({ body: linesOf(text) })
        }}
      />
      <Area
        label={<Trans>転出したあとの文（1行に1文）</Trans>}
        hint={<Trans>証明する日が、最後に在籍した日よりあとのときに使います。</Trans>}
        value={left}
        rows={3}
        onChange={(text) => {
          setLeft(text)
          set({ body_left: linesOf(text) })
        }}
      />
      {kind === 'textbooks' && <Columns columns={form.columns} onColumns={(columns) => set({ columns })} />}
      <Field label={<Trans>注</Trans>} hint={<Trans>いちばん下に小さく印刷します。転学先が決まっていないときは出ません。</Trans>} value={form.note} onChange={(note) => set({ note })} />
      <Field label={<Trans>公印の枠</Trans>} hint={<Trans>枠の中の字。空けると枠を印刷しません。</Trans>} value={form.seal} onChange={(seal) => set({ seal })} />
      <Field
        label={<Trans>文字の大きさ</Trans>}
        hint={<Trans>8〜16ポイント</Trans>}
        value={size}
        inputMode="decimal"
        wrong={sizeOf(size) === null ? t`11 や 10.5 のように書いてください。` : undefined}
        onChange={(text) => {
          setSize(text)
          const read = sizeOf(text)
          if (read !== null) set({ size: read })
        }}
      />
    </div>
  )
}

/** What may stand in braces. */
function Fields({ page }: { readonly page: FormsPage }) {
  return (
    <details className={styles.fields}>
      <summary>
        <Trans>文や番号に差し込めるもの</Trans>
      </summary>
      <dl>
        {page.fields.map(({ name, word }) => (
          <div key={name}>
            <dt>{`{${name}}`}</dt>
            <dd>{word}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function Rows({ rows, page, onRows }: { readonly rows: readonly Row[]; readonly page: FormsPage; readonly onRows: (rows: readonly Row[]) => void }) {
  const { t } = useLingui()
  const options = page.row_fields.map(({ name, word }) => ({ value: name, word }))
  const set = (at: number, change: Partial<Row>) => onRows(rows.map((row, i) => (i === at ? { ...row, ...change } : row)))
  return (
    <fieldset className={styles.group}>
      <legend>
        <Trans>上の表の行</Trans>
      </legend>
      {rows.map((row, at) => {
        const line = at + 1
        return (
          <div key={at} className={styles.row}>
            <Field label={t`${line}行目の見出し`} value={row.label} onChange={(label) => set(at, { label })} />
            <Choose label={t`${line}行目に印刷するもの`} value={row.field} options={options} onChange={(field) => set(at, { field })} />
            <span className={panel.bar}>
              <Button size="small" look="text" onPress={() => onRows(moved(rows, at, at - 1))} off={at === 0 ? t`いちばん上です` : undefined} aria-label={t`${line}行目を上へ`}>
                <Trans>上へ</Trans>
              </Button>
              <Button size="small" look="text" onPress={() => onRows(rows.filter((_, i) => i !== at))} off={rows.length === 1 ? t`1行は要ります` : undefined} aria-label={t`${line}行目を消す`}>
                <Trans>消す</Trans>
              </Button>
            </span>
          </div>
        )
      })}
      {rows.length < 12 && (
        <div>
          <Button size="small" onPress={() => onRows([...rows, { label: options[0]?.word ?? '', field: options[0]?.value ?? '' }])}>
            <Trans>行を加える</Trans>
          </Button>
        </div>
      )}
    </fieldset>
  )
}

/** Heads of 種目, 発行者, 記号・番号 and 書名; fewer heads are fewer columns. */
function Columns({ columns, onColumns }: { readonly columns: readonly string[]; readonly onColumns: (columns: readonly string[]) => void }) {
  const { t } = useLingui()
  const of = [t`種目`, t`発行者`, t`記号・番号`, t`書名`]
  const [heads, setHeads] = useState(() => of.map((_, i) => columns[i] ?? ''))
  return (
    <fieldset className={styles.group}>
      <legend>
        <Trans>教科書の表の見出し（うしろから空けると、その列を印刷しません）</Trans>
      </legend>
      <div className={styles.heads}>
        {of.map((word, at) => (
          <Field
            key={at}
            label={t`${word}の列`}
            value={heads[at] ?? ''}
            onChange={(next) => {
              const all = heads.with(at, next)
              setHeads(all)
              onColumns(all.slice(0, all.findLastIndex((head) => head.trim() !== '') + 1))
            }}
          />
        ))}
      </div>
    </fieldset>
  )
}
