import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { NotConnected, Problem } from '~/api/problem'
import { useRead } from '~/api/useRead'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Choose, Field } from '~/parts/Field'
import { LinkButton } from '~/parts/LinkButton'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import '../words'
import { begin } from '../imports/sending'
import { lookAt, mappingsQuery, removeMapping, saveMapping, type Content, type Look, type Mapping, type Mappings } from './data'
import { Columns } from './Columns'
import { Pick } from './Pick'
import { Remove } from './Remove'
import { Words } from './Words'
import { fitting, missing, same, suggested, unknownReasons, unknownSchools } from './rules'
import styles from './gakureibo.module.css'

/** 学齢簿を取り込む: which column is what, once; then it goes the way of every roster. */
export default function GakureiboPage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(mappingsQuery(useMe().board.id))
  useScreen(t`学齢簿の取込`)
  return (
    <div className={panel.screen}>
      <Place title={t`学齢簿の取込`} />
      {data ? <Bring of={data} /> : error ? <CannotRead error={error} what={t`列の対応づけ`} onRetry={again} /> : <LoadingRows rows={6} />}
    </div>
  )
}

/** A file whose columns were looked at, and the mapping as the person has it now. */
interface Open {
  readonly file: File
  readonly look: Look
  readonly content: Content
}

const NEW = ''

function Bring({ of }: { readonly of: Mappings }) {
  const { t } = useLingui()
  const me = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [open, setOpen] = useState<Open | null>(null)
  const [name, setName] = useState('')
  const [year, setYear] = useState('')
  const [failed, setFailed] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  const [removing, setRemoving] = useState(false)
  const [removed, setRemoved] = useState<string | null>(null)

  async function tried(act: () => Promise<void>) {
    setFailed(null)
    setRemoved(null)
    setBusy(true)
    try {
      await act()
    } catch (error) {
      setFailed(error as Error)
    } finally {
      setBusy(false)
    }
  }

  const take = (file: File) =>
    tried(async () => {
      setOpen(null)
      const first = await lookAt(file, null, me)
      const known = fitting(of.mappings, first)
      const content = known?.content ?? suggested(first)
      setName(known?.name ?? t`学齢簿`)
      setOpen({ file, look: known ? await lookAt(file, content, me) : first, content })
    })

  const change = (content: Content) =>
    tried(async () => {
      if (!open) return
      const words = (['school', 'reason'] as const).some((item) => content.columns[item] !== open.content.columns[item])
      setOpen({ ...open, content, look: words ? await lookAt(open.file, content, me) : open.look })
    })

  const send = () =>
    tried(async () => {
      if (!open) return
      const before = of.mappings.find((each) => each.name === name.trim())
      const mapping = before && same(before.content, open.content) ? before : await saveMapping(name.trim(), before?.revision ?? 0, open.content, me)
      void queries.invalidateQueries({ queryKey: mappingsQuery(me.board.id).queryKey })
      const id = await begin(null, [open.file], me.person.id, { mapping: mapping.id, school_year: year === '' ? null : Number(year) })
      void queries.invalidateQueries({ queryKey: ['imports'] })
      await navigate({ to: '/imports/uploads/$uploadId', params: { uploadId: id } })
    })

  /** The columns stay as they are on the screen: they may be saved under another name. */
  const remove = (mapping: Mapping) =>
    tried(async () => {
      setRemoving(false)
      await removeMapping(mapping, me).finally(() => queries.invalidateQueries({ queryKey: mappingsQuery(me.board.id).queryKey }))
      setName('')
      setRemoved(mapping.name)
    })

  const chosen = of.mappings.find((each) => each.name === name)
  const lacks = open ? missing(of.items, open.content) : []
  const asked = open ? unknownSchools(open.look, open.content).length + unknownReasons(open.look, open.content).length : 0
  const off = busy ? t`読んでいます` : lacks.length ? t`${lacks.join('、')} の列を選んでください` : name.trim() === '' ? t`対応づけの名前を入れてください` : undefined
  return (
    <>
      {failed && (
        <Strip kind="wrong" live>
          <WhyNot error={failed} />
        </Strip>
      )}
      <Block title={<Trans>学齢簿を選ぶ</Trans>}>
        <Pick onFile={(file) => void take(file)} file={open?.file ?? null} off={busy ? t`読んでいます` : undefined} />
      </Block>
      {open && (
        <>
          <Block title={<Trans>どの列が何か</Trans>} aside={<Trans>選ばない列は読まず、残しません</Trans>}>
            {removed !== null && (
              // The button that was pressed is gone with its mapping: the keyboard goes on from here.
              <Strip kind="good" live focused>
                <Trans>対応づけ「{removed}」を消しました。</Trans>
              </Strip>
            )}
            {of.mappings.length > 0 && (
              <div className={styles.one}>
                <Choose
                  label={t`覚えている対応づけ`}
                  value={chosen?.name ?? NEW}
                  options={[{ value: NEW, word: t`新しくつくる` }, ...of.mappings.map((each) => ({ value: each.name, word: each.name }))]}
                  onChange={(wanted) => {
                    const known = of.mappings.find((each) => each.name === wanted)
                    setName(known?.name ?? '')
                    void change(known?.content ?? suggested(open.look))
                  }}
                />
                {chosen && (
                  <Button look="text" size="small" onPress={() => setRemoving(true)} off={busy ? t`読んでいます` : undefined}>
                    <Trans>この対応づけを消す</Trans>
                  </Button>
                )}
              </div>
            )}
            {removing && chosen && <Remove mapping={chosen} onClose={() => setRemoving(false)} onRemove={() => void remove(chosen)} />}
            <Columns items={of.items} look={open.look} content={open.content} onChange={(content) => void change(content)} />
          </Block>
          <Words look={open.look} content={open.content} schools={of.schools} onChange={(content) => void change(content)} />
          <Block title={<Trans>確かめる</Trans>}>
            <div className={styles.ends}>
              <Field label={t`対応づけの名前`} hint={t`つぎからは、この名前で同じ形のファイルを取り込めます。`} value={name} maxLength={40} onChange={setName} />
              <Choose
                label={t`取り込む年度`}
                hint={t`4月に入学する子は、その年度の4月1日からの在籍になります。`}
                value={year}
                options={[{ value: '', word: t`ファイルの日付のとおり（なければ来年度）` }, ...of.years.map((each) => ({ value: String(each), word: t`${each}年度` }))]}
                onChange={setYear}
              />
            </div>
            {asked > 0 && (
              <Strip kind="look">
                <Trans>決まっていない書き方が{asked}あります。決めないまま確かめると、その行が「直すところ」に出ます。</Trans>
              </Strip>
            )}
            <div className={styles.buttons}>
              <Button look="filled" size="large" off={off} onPress={() => void send()}>
                <Trans>この対応づけで確かめる</Trans>
              </Button>
              <LinkButton to="/imports">
                <Trans>一覧へ</Trans>
              </LinkButton>
            </div>
          </Block>
        </>
      )}
    </>
  )
}

function WhyNot({ error }: { readonly error: Error }) {
  if (error instanceof NotConnected) return <Trans>つながっていません。つながってから、もう一度行ってください。</Trans>
  if (error instanceof Problem)
    return (
      <>
        <strong>{error.body.title}</strong> {error.body.errors.map(({ message }) => message).join(' ') || error.body.detail}
      </>
    )
  return <Trans>ファイルを読めませんでした。もう一度選んでください。</Trans>
}
