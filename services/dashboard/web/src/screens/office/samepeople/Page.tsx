import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { LinkButton } from '~/parts/LinkButton'
import { Name } from '~/parts/Name'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'
import { questionsQuery, type Question, type Side } from './data'
import styles from './Page.module.css'

/** 名寄せの確認: cards that may be of one child, for those who keep the roster to say. */
export default function SamePeoplePage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(questionsQuery('open'))
  const before = useRead(questionsQuery('different'))
  useScreen(t`名寄せの確認`)
  return (
    <div className={panel.screen}>
      <Place title={t`名寄せの確認`} />
      {data ? (
        <>
          <Open questions={data.questions} more={data.more} />
          {data.may_ask && (
            <div className={styles.buttons}>
              <LinkButton to="/imports/same-people/ask">
                <Trans>ほかの二つのカードをくらべる</Trans>
              </LinkButton>
            </div>
          )}
          {before.data && before.data.questions.length > 0 && <Different questions={before.data.questions} />}
        </>
      ) : error ? (
        <CannotRead error={error} what={t`名寄せの確認`} onRetry={again} />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  )
}

function Open({ questions, more }: { readonly questions: readonly Question[]; readonly more: boolean }) {
  if (questions.length === 0)
    return (
      <Empty title={<Trans>確かめる名寄せはありません</Trans>}>
        <Trans>名簿の取り込みや転入で、前からいる子と同じ子かもしれないカードができると、ここに並びます。自動でまとめることはありません。</Trans>
      </Empty>
    )
  return (
    <Block
      title={<Trans>同じ子かもしれないカード</Trans>}
      aside={more ? <Trans>先の{questions.length}組です。答えると続きが出ます</Trans> : <Plural value={questions.length} other="#組" />}
      table
    >
      <Pairs questions={questions} />
    </Block>
  )
}

function Different({ questions }: { readonly questions: readonly Question[] }) {
  return (
    <Block title={<Trans>べつの子と確かめたカード</Trans>} aside={<Trans>もうたずねません。まちがいに気づいたら、開いて答えを変えられます</Trans>} table>
      <Pairs questions={questions} />
    </Block>
  )
}

function Pairs({ questions }: { readonly questions: readonly Question[] }) {
  const me = useMe()
  return (
    <Table
      rows={questions}
      id={({ id }) => id}
      columns={[
        {
          head: <Trans>一つめのカード</Trans>,
          cell: (question) => (
            <>
              <Link to="/imports/same-people/$questionId" params={{ questionId: question.id }}>
                <Name person={question.one.person} />
              </Link>
              <span className={styles.where}>{question.one.where}</span>
            </>
          ),
        },
        { head: <Trans>もう一つのカード</Trans>, cell: ({ other }) => <Card side={other} /> },
        { head: <Trans>たずねるわけ</Trans>, cell: ({ reasons }) => reasons.join('、'), wide: true },
        {
          head: <Trans>状態</Trans>,
          cell: ({ state, note }) => (
            <>
              <span className={panel.whole}>{state === 'waiting' ? <Trans>保留</Trans> : state === 'different' ? <Trans>べつの子</Trans> : <Trans>まだ</Trans>}</span>
              {note !== '' && <span className={panel.aside}> {note}</span>}
            </>
          ),
          wide: true,
        },
        { head: <Trans>いつ</Trans>, cell: ({ raised_at }) => timeOf(raised_at, me.today), wide: true },
      ]}
    />
  )
}

function Card({ side }: { readonly side: Side }) {
  return (
    <>
      <Name person={side.person} />
      <span className={styles.where}>{side.where}</span>
    </>
  )
}
