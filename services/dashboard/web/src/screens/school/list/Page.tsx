import { Trans, useLingui } from '@lingui/react/macro'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { SchoolTabs } from '~/app/SchoolTabs'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import { useRead } from '~/api/useRead'
import type { Day } from '~/dates/dates'
import { CannotRead, Empty, LoadingRows } from '~/parts/States'
import panel from '~/parts/Panel.module.css'
import '../words'
import { addressOf, listQuery, type ClassList } from './data'
import { Numbering } from './Numbering'
import { Paste } from './Paste'
import { seats, type Seat } from './rules'
import { Sheet } from './Sheet'
import styles from './Page.module.css'

const route = getRouteApi('/inside/classes/$classId/days/$date/list')

/** 学級の名簿: the children of a class in the order of their numbers, on paper too; and giving them new numbers. */
export default function ClassListPage() {
  const { t } = useLingui()
  const me = useMe()
  const { classId, date } = route.useParams()
  const { data, error, again } = useRead(listQuery(classId, date))
  const addressOn = (day: Day) => addressOf(classId, day)
  const turns = useTurns(date, addressOn)
  useScreen(data ? `${t`学級の名簿`} ${data.class.name}` : t`学級の名簿`, turns.keys, turns.jumps)
  return (
    <div className={panel.screen}>
      <Place title={t`学級の名簿`} of={data ? [data.school.name, data.class.name] : []} date={date} today={me.today} addressOn={addressOn} />
      {data && <SchoolTabs school={data.school.id} date={date} classId={classId} />}
      {data ? <Work key={`${classId} ${date}`} list={data} /> : error ? <CannotRead error={error} what={t`この学級の名簿`} onRetry={again} /> : <LoadingRows rows={18} />}
    </div>
  )
}

function Work({ list }: { readonly list: ClassList }) {
  // A draft keeps the list it was begun on: what others save meanwhile is never overwritten by an order that did not know it.
  const [draft, setDraft] = useState<{ readonly list: ClassList; readonly seats: readonly Seat[] } | null>(null)
  const [pasting, setPasting] = useState(false)
  const home = list.members.filter(({ exchange }) => !exchange)
  const order = () => setDraft({ list, seats: home.every(({ number }) => number !== null) ? home.map((member) => ({ member, number: member.number! })) : seats(home, []) })
  if (!list.members.length)
    return (
      <>
        <ClassPicker list={list} />
        <Empty title={<Trans>この日に在籍している子がいません</Trans>}>
          <Trans>名簿に在籍が入ると、ここに並びます。ほかの日は、上の矢印で開けます。</Trans>
        </Empty>
      </>
    )
  return (
    <>
      {draft === null ? (
        <Sheet
          list={list}
          picker={<ClassPicker list={list} />}
          onOrder={order}
          onPaste={() => setPasting(true)}
        />
      ) : (
        <Numbering
          list={draft.list}
          overtaken={draft.list.revision !== list.revision}
          draft={draft.seats}
          onDraft={(next) => setDraft({ ...draft, seats: next })}
          onPaste={() => setPasting(true)}
          onAnew={order}
          onClose={() => setDraft(null)}
        />
      )}
      {pasting && (
        <Paste
          members={home}
          onClose={() => setPasting(false)}
          onRead={(read) => {
            setDraft({ list, seats: read })
            setPasting(false)
          }}
        />
      )}
    </>
  )
}

/** The other classes of the school, on the same day. */
function ClassPicker({ list }: { readonly list: ClassList }) {
  const router = useRouter()
  return (
    <label className={styles.picker}>
      <span>
        <Trans>学級</Trans>
      </span>
      <select className={styles.select} value={list.class.id} onChange={(event) => router.history.push(addressOf(event.target.value, list.date))}>
        {list.classes.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
