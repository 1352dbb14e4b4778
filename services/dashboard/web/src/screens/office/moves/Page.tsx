import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { LinkButton } from '~/parts/LinkButton'
import { Name } from '~/parts/Name'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { movesQuery, type Move, type Moves } from './data'
import { inTurn } from './rules'
import styles from './Page.module.css'

/** 転出入: who moves from where to where, and whose turn it is. */
export default function MovesPage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(movesQuery())
  useScreen(t`転出入`)
  return (
    <div className={panel.screen}>
      <Place title={t`転出入`} of={data?.schools.map(({ name }) => name) ?? []} />
      {data ? <Work page={data} /> : error ? <CannotRead error={error} what={t`転出入`} onRetry={again} /> : <LoadingRows rows={10} />}
    </div>
  )
}

function Work({ page }: { readonly page: Moves }) {
  const may = page.whole_board || page.schools.length > 0
  const announce = may && (
    <div className={styles.buttons}>
      <LinkButton look="filled" to="/moves/new">
        <Trans>転出を届ける</Trans>
      </LinkButton>
      <LinkButton to="/moves/arrive">
        <Trans>転入を届ける</Trans>
      </LinkButton>
    </div>
  )
  if (page.moves.length === 0)
    return (
      <Empty title={<Trans>転出入はまだありません</Trans>} action={announce}>
        <Trans>届けると、出る学校と入る学校の両方のここに並びます。</Trans>
      </Empty>
    )
  const waiting = page.moves.filter(({ turn, undone_at }) => turn !== null && undone_at === null).length
  return (
    <>
      {announce}
      <Block title={<Trans>転出入</Trans>} aside={<Plural value={waiting} _0="手続きはみな済んでいます" other="手続きの途中 #人" />} table>
        <Table
          rows={inTurn(page.moves)}
          id={(move) => move.id}
          columns={[
            {
              head: <Trans>氏名</Trans>,
              cell: (move) => (
                <>
                  <Link to="/moves/$moveId" params={{ moveId: move.id }}>
                    <Name person={move.pupil} />
                  </Link>
                  <span className={styles.narrow}>
                    {move.from_school?.name ?? move.elsewhere?.name} → {move.to_school?.name ?? move.elsewhere?.name}
                  </span>
                </>
              ),
            },
            { head: <Trans>学年</Trans>, cell: (move) => move.grade_word, wide: true },
            { head: <Trans>出る学校</Trans>, cell: (move) => move.from_school?.name ?? move.elsewhere?.name, wide: true },
            { head: <Trans>入る学校</Trans>, cell: (move) => move.to_school?.name ?? move.elsewhere?.name, wide: true },
            { head: <Trans>受け入れる日</Trans>, cell: (move) => (move.accepted_on ? workDay(move.accepted_on) : <Trans>連絡まち</Trans>) },
            { head: <Trans>つぎの手続き</Trans>, cell: (move) => <Turn move={move} /> },
          ]}
        />
      </Block>
    </>
  )
}

/** Whose turn it is, in words. */
export function Turn({ move }: { readonly move: Move }) {
  if (move.undone_at !== null)
    return (
      <span className={panel.aside}>
        <Trans>取り消し</Trans>
      </span>
    )
  const next = move.steps.find(({ step }) => step === move.turn)
  if (!next)
    return (
      <span className={panel.good}>
        <Trans>済み</Trans>
      </span>
    )
  return (
    <span>
      {next.school && <strong>{next.school.name}</strong>} {next.word}
    </span>
  )
}
