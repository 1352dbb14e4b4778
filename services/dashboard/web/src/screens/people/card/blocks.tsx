import { Trans, useLingui } from '@lingui/react/macro'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Card, Contact, LegalName, Phone, Seat, Tie } from '~/api/people'
import { fullDay, workDay } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Name } from '~/parts/Name'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import styles from './Page.module.css'

interface Line {
  readonly word: ReactNode
  readonly value: ReactNode
}

function Lines({ lines }: { readonly lines: readonly (Line | null)[] }) {
  return (
    <dl className={styles.lines}>
      {lines.map(
        (line, i) =>
          line && (
            <div key={i}>
              <dt>{line.word}</dt>
              <dd>{line.value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}

function Written({ name }: { readonly name: LegalName }) {
  const kana = [name.family_kana, name.given_kana].filter(Boolean).join(' ')
  return (
    <>
      {name.family} {name.given}
      {kana && <span className={panel.aside}>（{kana}）</span>}
    </>
  )
}

export function Basics({ card }: { readonly card: Card }) {
  return (
    <Block title={<Trans>基本</Trans>}>
      <Lines
        lines={[
          { word: <Trans>氏名</Trans>, value: <Written name={card.legal} /> },
          card.common && { word: <Trans>通称</Trans>, value: <Written name={card.common} /> },
          card.birth_date !== null ? { word: <Trans>生年月日</Trans>, value: fullDay(card.birth_date) } : null,
          card.sex_word !== null && card.hats.includes('pupil') ? { word: <Trans>性別</Trans>, value: card.sex_word } : null,
        ]}
      />
    </Block>
  )
}

/** 「4月1日（水）から」, with its last day where it ends within the year. */
function Span({ since, last }: { readonly since: string; readonly last: string | null }) {
  const [begins, ends] = [workDay(since), last === null ? '' : workDay(last)]
  return (
    <span className={panel.aside}>
      {last === null || last.endsWith('-03-31') ? <Trans>{begins}から</Trans> : <Trans>{begins}から{ends}まで</Trans>}
    </span>
  )
}

function SeatWords({ seat }: { readonly seat: Seat }) {
  return (
    <>
      {seat.school_class.name}
      {seat.number !== null && (
        <>
          {' '}
          <Trans>{seat.number}番</Trans>
        </>
      )}{' '}
      <Span since={seat.since} last={seat.last} />
    </>
  )
}

export function Belonging({ pupil }: { readonly pupil: NonNullable<Card['pupil']> }) {
  const { enrolment, home, exchange, next } = pupil
  return (
    <Block title={<Trans>在籍と学級</Trans>}>
      <Lines
        lines={[
          {
            word: <Trans>在籍</Trans>,
            value: enrolment ? (
              <>
                {enrolment.school.name} {enrolment.grade_word} <Span since={enrolment.since} last={enrolment.last} />
              </>
            ) : (
              <Trans>この日は在籍していません</Trans>
            ),
          },
          home && { word: <Trans>学級</Trans>, value: <SeatWords seat={home} /> },
          ...exchange.map((seat) => ({ word: <Trans>交流</Trans>, value: <SeatWords seat={seat} /> })),
          ...next.map((words) => ({ word: <Trans>これから</Trans>, value: words })),
        ]}
      />
    </Block>
  )
}

/** Numbers to press: on a phone they call, and print as they read. */
function Numbers({ phones }: { readonly phones: readonly Phone[] }) {
  return (
    <ul className={styles.numbers}>
      {phones.map(({ number, kind_word }) => (
        <li key={number}>
          <a href={`tel:${number.replaceAll('-', '')}`}>{number}</a> <span className={panel.aside}>{kind_word}</span>
        </li>
      ))}
    </ul>
  )
}

function contactLines({ postal_code: code, address, phones, language_word: language }: Contact): readonly (Line | null)[] {
  return [
    {
      word: <Trans>住所</Trans>,
      value:
        code || address ? (
          <>
            {code && `〒${code.slice(0, 3)}-${code.slice(3)} `}
            {address}
          </>
        ) : (
          <Trans>記録なし</Trans>
        ),
    },
    { word: <Trans>電話</Trans>, value: phones.length > 0 ? <Numbers phones={phones} /> : <Trans>記録なし</Trans> },
    language ? { word: <Trans>ことば</Trans>, value: language } : null,
  ]
}

/** 連絡先: where somebody can be reached, and what will hold after it when that is known. */
export function Reached({ contact, next }: { readonly contact: Contact | null; readonly next: Contact | null }) {
  return (
    <>
      <Block title={<Trans>連絡先</Trans>} aside={contact ? <Span since={contact.since} last={contact.last} /> : undefined}>
        {contact ? (
          <Lines lines={contactLines(contact)} />
        ) : (
          <p className={panel.aside}>
            <Trans>まだ記録されていません。</Trans>
          </p>
        )}
      </Block>
      {next && (
        <Block title={<Trans>これからの連絡先</Trans>} aside={<Span since={next.since} last={next.last} />}>
          <Lines lines={contactLines(next)} />
        </Block>
      )}
    </>
  )
}

export function Duties({ duties }: { readonly duties: NonNullable<Card['duties']> }) {
  return (
    <Block title={<Trans>職務</Trans>}>
      {duties.length === 0 ? (
        <p className={panel.aside}>
          <Trans>この日の職務はありません。</Trans>
        </p>
      ) : (
        <ul className={styles.list}>
          {duties.map((duty) => (
            <li key={duty.words + duty.since}>
              {duty.words} <Span since={duty.since} last={duty.last} />
            </li>
          ))}
        </ul>
      )}
    </Block>
  )
}

interface FamilyProps {
  readonly guardians: readonly Tie[]
  readonly protection: Card['protection']
  /** What may be done with one of them. */
  readonly acts?: ((tie: Tie) => ReactNode) | undefined
}

export function Family({ guardians, protection, acts }: FamilyProps) {
  return (
    <>
      {protection && <Protection protection={protection} />}
      <Block title={<Trans>保護者</Trans>} table={guardians.length > 0}>
        {guardians.length === 0 ? (
          <p className={panel.aside}>
            <Trans>この日の保護者は記録されていません。</Trans>
          </p>
        ) : (
          <Ties ties={guardians} head={<Trans>保護者</Trans>} acts={acts} />
        )}
      </Block>
    </>
  )
}

function Protection({ protection }: { readonly protection: NonNullable<Card['protection']> }) {
  const since = workDay(protection.since)
  return (
    <Block title={<Trans>支援措置</Trans>} aside={<Trans>{since}から</Trans>}>
      {protection.confidential_from.length > 0 ? (
        <p>
          <Trans>居場所を知らせてはいけない相手:</Trans>{' '}
          {protection.confidential_from.map((person) => (
            <strong key={person.id} className={styles.kept}>
              <Name person={person} />
            </strong>
          ))}
        </p>
      ) : (
        <p>
          <Trans>相手は記録されていません。だれにも知らせないでください。</Trans>
        </p>
      )}
    </Block>
  )
}

export function Children({ ties }: { readonly ties: readonly Tie[] }) {
  return (
    <Block title={<Trans>子</Trans>} table={ties.length > 0}>
      {ties.length === 0 ? (
        <p className={panel.aside}>
          <Trans>この日に保護者となっている子はいません。</Trans>
        </p>
      ) : (
        <Ties ties={ties} head={<Trans>子</Trans>} />
      )}
    </Block>
  )
}

interface TiesProps {
  readonly ties: readonly Tie[]
  readonly head: ReactNode
  readonly acts?: ((tie: Tie) => ReactNode) | undefined
}

function Ties({ ties, head, acts }: TiesProps) {
  const { t } = useLingui()
  const yes = (is: boolean) => (is ? <span aria-label={t`あり`}>○</span> : <span aria-label={t`なし`}>―</span>)
  return (
    <Table
      stacked
      rows={ties}
      id={({ period }) => period}
      columns={[
        {
          head,
          cell: ({ person }) => (
            <Link to="/people/$personId" params={{ personId: person.id }}>
              <Name person={person} />
            </Link>
          ),
        },
        { head: <Trans>続柄</Trans>, cell: ({ relation_word }) => relation_word },
        { head: <Trans>連絡</Trans>, cell: ({ notify }) => yes(notify) },
        { head: <Trans>閲覧</Trans>, cell: ({ read }) => yes(read) },
        { head: <Trans>電話</Trans>, cell: ({ contact, phones }) => (phones.length > 0 ? <Numbers phones={phones} /> : yes(contact)) },
        ...(acts ? [{ head: <span className={styles.unseen}>{t`操作`}</span>, cell: acts }] : []),
      ]}
    />
  )
}
