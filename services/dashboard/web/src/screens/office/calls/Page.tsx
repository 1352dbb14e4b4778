import { t } from '@lingui/core/macro'
import { Trans } from '@lingui/react/macro'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { peopleQuery } from '~/api/people'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { typedSoFar } from '~/app/typed'
import { useRead } from '~/api/useRead'
import { Block } from '~/parts/Block'
import { FindChild } from '~/parts/FindChild'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import '../words'
import { pupilQuery, schoolQuery } from './data'
import { Notices } from './Notices'
import { Off } from './Sending'
import { Take } from './Take'

const route = getRouteApi('/inside/calls')

/** 電話を受ける: what a family tells enters the same stream as if it had written itself. */
export default function CallsPage() {
  const known = route.useSearch()
  const [pupil, setPupil] = useState<string | null>(known.pupil ?? null)
  const [done, setDone] = useState<string | null>(null)
  const me = useMe()
  const school = me.roles.find((role) => role.school)?.school ?? null
  useScreen(t`電話を受ける`, [
    { keys: '↑ ↓ Enter', word: t`子をえらぶ` },
    { keys: '1 〜 6', word: t`欠席・遅刻などをえらぶ` },
    { keys: 'A B … 0', word: t`だれからの連絡かをえらぶ` },
    { keys: 'Ctrl+Enter', word: t`届ける` },
  ])
  function finish(words: string) {
    setDone(words)
    setPupil(null)
  }
  return (
    <div className={panel.screen}>
      <Place title={t`電話を受ける`} of={school ? [school.name] : []} date={me.today} />
      {done !== null && pupil === null && (
        <Strip kind="good" live>
          {done}
        </Strip>
      )}
      {pupil === null ? (
        <>
          <Whom key={done} onChoose={setPupil} />
          {school && <OfToday school={school.id} onOpen={setPupil} />}
        </>
      ) : (
        <Child key={pupil} pupil={pupil} onDone={finish} onBack={() => setPupil(null)} />
      )}
    </div>
  )
}

function Whom({ onChoose }: { readonly onChoose: (pupil: string) => void }) {
  const [words, setWords] = useState('')
  const asked = typedSoFar(words)
  const found = useQuery({ ...peopleQuery({ hat: 'pupil', q: asked, rows: 8 }), enabled: asked !== '' })
  return (
    <FindChild
      label={<Trans>どの子の連絡ですか（氏名・よみ・学級と番号）</Trans>}
      words={words}
      onWords={setWords}
      found={asked === '' ? undefined : found.data?.people}
      onChoose={onChoose}
      first
    />
  )
}

interface ChildProps {
  readonly pupil: string
  readonly onDone: (words: string) => void
  readonly onBack: () => void
}

function Child({ pupil, onDone, onBack }: ChildProps) {
  const { data, error, again } = useRead(pupilQuery(pupil))
  if (data) return <Take page={data} onDone={onDone} onBack={onBack} />
  return error ? <CannotRead error={error} what={t`この子の連絡`} onRetry={again} /> : <LoadingRows rows={6} />
}

/** What families have told about today, the last one first. */
function OfToday({ school, onOpen }: { readonly school: string; readonly onOpen: (pupil: string) => void }) {
  const { today } = useMe()
  const { data, error, again } = useRead(schoolQuery(school, today))
  return (
    <Block title={<Trans>きょうの連絡</Trans>}>
      {data ? (
        <>
          <Off page={data} />
          <Notices notices={data.notices} onOpen={onOpen} empty={<Trans>きょうの連絡はまだありません。受けると、ここに並びます。</Trans>} />
        </>
      ) : error ? (
        <CannotRead error={error} what={t`きょうの連絡`} onRetry={again} />
      ) : (
        <LoadingRows rows={4} />
      )}
    </Block>
  )
}
