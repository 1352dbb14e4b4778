import { Trans, useLingui } from '@lingui/react/macro'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect } from 'react'
import { read } from '~/api/http'
import type { School } from '~/api/types'
import { useMe } from '~/app/me'
import { Place } from '~/app/Place'
import { useScreen } from '~/app/screen'
import { useTurns } from '~/app/useTurns'
import type { Day } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Fives } from '~/parts/overview/Fives'
import { Progress } from '~/parts/Progress'
import { CannotRead, LoadingRows } from '~/parts/States'
import { Table } from '~/parts/Table'
import panel from '~/parts/Panel.module.css'
import '../words'

interface Counts {
  readonly rules: readonly { readonly code: string; readonly word: string }[]
  /** Of each school the lower end of the five that its number is in, by rule. */
  readonly schools: readonly { readonly school: School; readonly counts: Readonly<Record<string, number>> }[]
  readonly of: number
  readonly next: number | null
  /** Somebody else of the board counts just now. */
  readonly waits: boolean
}

/** Milliseconds until it is asked again after somebody else had the turn. */
const TURN = 1000

const route = getRouteApi('/inside/board/days/$date/alerts')

/** 気がかりな欠席 of every school in numbers: some schools at a time, as each list is derived anew. */
export default function BoardAlertsPage() {
  const { t } = useLingui()
  const me = useMe()
  const { date } = route.useParams()
  const addressOn = (day: Day) => `/board/days/${day}/alerts`
  const turns = useTurns(date, addressOn)
  useScreen(t`気がかりな欠席の数`, turns.keys, turns.jumps)
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['alert-counts', date],
    queryFn: ({ signal, pageParam }) => read<Counts>(`/api/board/days/${date}/alert-counts?after=${pageParam}`, signal),
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next,
    // A city is not counted again because somebody looks at another window.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
  const waits = data?.pages.at(-1)?.waits ?? false
  useEffect(() => {
    if (!hasNextPage || isFetchingNextPage || error) return
    const turn = setTimeout(() => void fetchNextPage(), waits ? TURN : 0)
    return () => clearTimeout(turn)
  }, [hasNextPage, isFetchingNextPage, error, waits, fetchNextPage])
  return (
    <div className={panel.screen}>
      <Place title={t`気がかりな欠席の数`} of={[me.board.name]} date={date} today={me.today} addressOn={addressOn} />
      {data && <Work pages={data.pages} going={hasNextPage && !error} />}
      {error ? <CannotRead error={error} what={t`気がかりな欠席の数`} onRetry={() => void refetch()} /> : !data && <LoadingRows rows={8} />}
    </div>
  )
}

function Work({ pages, going }: { readonly pages: readonly Counts[]; readonly going: boolean }) {
  const { t } = useLingui()
  const schools = pages.flatMap((page) => page.schools)
  const [done, of, rules] = [schools.length, pages[0]?.of ?? 0, pages[0]?.rules ?? []]
  return (
    <>
      {going && <Progress label={t`数えています: ${done} / ${of} 校`} value={(100 * done) / Math.max(of, 1)} />}
      <Block title={<Trans>学校ごとの、いま当てはまっている子</Trans>} table>
        <Table
          rows={schools}
          id={({ school }) => school.id}
          stacked
          columns={[
            { head: <Trans>学校</Trans>, cell: ({ school }) => school.name },
            ...rules.map(({ code, word }) => ({ head: word, cell: ({ counts }: Counts['schools'][number]) => <Fives of={counts[code] ?? 0} />, number: true })),
          ]}
        />
      </Block>
      <p className={panel.note}>
        <Trans>ひとりひとりが分からないように、人数は5人ごとに示し、市の合計は出しません。学校で見ている「気がかりな欠席」と同じ決まりで、対応がすんだ子も数えます。</Trans>
      </p>
    </>
  )
}
