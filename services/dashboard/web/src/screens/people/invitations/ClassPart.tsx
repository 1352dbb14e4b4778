import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useCommand } from '~/api/useCommand'
import { useRead } from '~/api/useRead'
import { useMe } from '~/app/me'
import { workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { Refused } from '~/parts/Refused'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import { classQuery, type ClassFamilies, type Family } from './data'
import { full, wanted, withoutSheet } from './rules'
import { Sheets } from './Sheets'
import { usePrinting } from './usePrinting'
import styles from './invitations.module.css'

interface ClassPartProps {
  readonly school: string
  readonly classId: string | null
}

/** A class's guardians, each with what may be done for them. */
export function ClassPart({ school, classId }: ClassPartProps) {
  const { t } = useLingui()
  const { data, error, again } = useRead(classQuery(school, classId))
  return (
    <>
      {data ? (
        <Families school={school} of={data} />
      ) : error ? (
        <CannotRead error={error} what={t`保護者の招待`} onRetry={again} />
      ) : (
        <LoadingRows rows={12} />
      )}
      <div className={panel.bar}>
        <LinkButton to="/people/invitations">
          <Trans>学級の一覧へ</Trans>
        </LinkButton>
      </div>
    </>
  )
}

function Families({ school, of }: { readonly school: string; readonly of: ClassFamilies }) {
  const { t } = useLingui()
  const printing = usePrinting(school)
  const queries = useQueryClient()
  const { send, sending, error } = useCommand<{ readonly invitation: string }>(useMe().person.id)
  const name = of.name || t`学級のない子`
  const n = withoutSheet(of.families).length
  async function withdraw(code: string) {
    if (sending) return
    await send(`/api/identity/v1/invitations/${code}/withdraw`, {})
    await queries.invalidateQueries({ queryKey: ['invitations', school] })
  }
  if (of.families.length === 0)
    return (
      <Empty title={<Trans>{name}に招待できる保護者がいません</Trans>}>
        <Trans>名簿で、子に保護者をつなぎ、「連絡」か「閲覧」をできるようにすると、ここに出ます。</Trans>
      </Empty>
    )
  return (
    <>
      {n > 0 && (
        <div className={panel.bar}>
          <Button look="filled" onPress={() => void printing.printAll([of])}>
            <Plural value={n} other="紙のない#人の紙を作る" />
          </Button>
        </div>
      )}
      <Sheets printing={printing} />
      <Refused error={error} />
      <Block title={name} table>
        <Table
          rows={of.families}
          id={({ guardian, pupil }) => `${guardian.id} ${pupil.id}`}
          stacked
          columns={[
            { head: <Trans>保護者</Trans>, cell: ({ guardian }) => full(guardian) },
            { head: <Trans>続柄</Trans>, cell: ({ relation_word: word }) => word },
            { head: <Trans>子</Trans>, cell: ({ number, pupil }) => (number === null ? full(pupil) : t`${number}番 ${full(pupil)}`) },
            { head: <Trans>状態</Trans>, cell: (one) => <StateOf family={one} /> },
            {
              head: <Trans>紙</Trans>,
              cell: (one) => <Acts family={one} onPrint={() => void printing.printOne(of, wanted(one))} onWithdraw={(code) => void withdraw(code)} />,
            },
          ]}
        />
      </Block>
    </>
  )
}

function StateOf({ family: { state, code, signed_in_on: on } }: { readonly family: Family }) {
  const day = on === null ? '' : workDay(on)
  const last = code === null ? '' : workDay(code.last_day)
  const by = code?.issued_by ?? ''
  switch (state) {
    case 'signed_in':
      return code === null ? <Trans>サインイン済み {day}</Trans> : <Trans>サインイン済み {day}・新しい紙あり（{last}まで）</Trans>
    case 'holding':
      return (
        <Trans>
          紙あり（{last}まで、{by}）
        </Trans>
      )
    case 'expired':
      return <Trans>期限切れ（{last}まで）</Trans>
    case 'none':
      return <Trans>紙なし</Trans>
  }
}

interface ActsProps {
  readonly family: Family
  readonly onPrint: () => void
  readonly onWithdraw: (code: string) => void
}

function Acts({ family, onPrint, onWithdraw }: ActsProps) {
  const { t } = useLingui()
  const name = full(family.guardian)
  const code = family.code
  const again = code !== null || family.state === 'signed_in'
  return (
    <span className={styles.acts}>
      <Button look="text" size="small" onPress={onPrint} aria-label={again ? t`${name}さんの紙をもう一度作る` : t`${name}さんの紙を作る`}>
        {again ? <Trans>もう一度作る</Trans> : <Trans>作る</Trans>}
      </Button>
      {code !== null && family.state !== 'expired' && (
        <Button look="text" size="small" onPress={() => onWithdraw(code.id)} aria-label={t`${name}さんの紙を使えなくする`}>
          <Trans>使えなくする</Trans>
        </Button>
      )}
    </span>
  )
}
