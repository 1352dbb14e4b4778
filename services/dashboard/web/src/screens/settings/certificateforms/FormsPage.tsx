import { Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { Unsaved } from '~/app/Unsaved'
import type { Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { useDay } from '~/parts/DayField'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import { SettingsTabs } from '../SettingsTabs'
import '../words'
import { formsPath, formsQuery, KEY, type Forms, type FormsPage as Page, type Kind, type Version } from './data'
import { FormFields } from './FormFields'
import { History } from '../History'
import { same } from './rules'
import { Sample } from './Sample'
import { Save } from '../Save'

/** 証明書の様式: how the board prints its two certificates, with a sample that follows the hand. */
export default function FormsPage() {
  const { t } = useLingui()
  const { board } = useMe()
  const { data, error, again } = useRead(formsQuery(board.id))
  useScreen(t`証明書の様式`)
  return (
    <div className={panel.screen}>
      <Place title={t`証明書の様式`} of={[board.name]} />
      <SettingsTabs />
      {data ? <Work page={data} path={formsPath(board.id)} /> : error ? <CannotRead error={error} what={t`証明書の様式`} onRetry={again} /> : <LoadingRows rows={10} />}
    </div>
  )
}

function Work({ page, path }: { readonly page: Page; readonly path: string }) {
  const { t } = useLingui()
  const { person, today } = useMe()
  const queries = useQueryClient()
  const { send, sending, error, forget } = useCommand<Page>(person.id)
  const [kind, setKind] = useState<Kind>('enrolment')
  const [draft, setDraft] = useState<{ readonly forms: Forms; readonly seen: string } | null>(null)
  const [turn, setTurn] = useState(0)
  const [kept, setKept] = useState<Day | null>(null)
  const since = useDay(today)
  const forms = draft?.forms ?? page.forms
  const dirty = draft !== null && !(same(forms.enrolment, page.forms.enrolment) && same(forms.textbooks, page.forms.textbooks))

  function drop() {
    forget()
    setDraft(null)
    setKept(null)
    setTurn(turn + 1)
  }

  /** A version is written on from; what begins later, for its own day. */
  function use({ forms: told, since: day, state }: Version) {
    if (!told) return
    forget()
    setDraft({ forms: told, seen: page.revision })
    since.field.onChange(state === 'coming' ? day : today, null)
    setTurn(turn + 1)
  }

  async function save() {
    if (sending || draft === null) return
    const done = await send(path, { since: since.day, seen: draft.seen, forms })
    await queries.invalidateQueries({ queryKey: [KEY] })
    if (done === null) return
    drop()
    setKept(since.day)
  }

  return (
    <>
      <Tiles
        label={t`どの証明書`}
        value={kind}
        onChange={(value) => setKind(value as Kind)}
        tiles={[
          { value: 'enrolment', content: <Trans>在学証明書</Trans> },
          { value: 'textbooks', content: <Trans>教科用図書給与証明書</Trans> },
        ]}
      />
      <div className={panel.two}>
        <Block title={<Trans>書くこと</Trans>}>
          <Save since={since} turn={turn} dirty={dirty} note={<Trans>この日から出す証明書に使います。もう出した証明書は変わりません。前の日付を書くと、その日からの決まりとして入ります。</Trans>} saved={page.versions.some(({ since: day }) => day === kept) ? kept : null} error={error} onSave={() => void save()} onDrop={drop}>
          <FormFields
            key={`${kind} ${turn}`}
            form={forms[kind]}
            kind={kind}
            page={page}
            onForm={(form) => {
              forget()
              setDraft({ forms: { ...forms, [kind]: form }, seen: draft?.seen ?? page.revision })
            }}
          />
          </Save>
          {dirty && <Unsaved title={<Trans>証明書の様式をまだ保存していません</Trans>} onDrop={drop} />}
        </Block>
        <Sample kind={kind} form={forms[kind]} path={path} />
      </div>
      <History of={page} path={path} queryKey={[KEY]} none={t`まだ決めていません。標準の様式で印刷します。`} onUse={use} />
    </>
  )
}
