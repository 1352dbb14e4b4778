import { useLingui } from '@lingui/react/macro'
import { useRouter } from '@tanstack/react-router'
import { addDays, type Day } from '~/dates/dates'
import type { Screen } from './screen'

/** `g p` and `g n`: the same screen on the day before and the day after. */
export function useTurns(date: Day, addressOn: (day: Day) => string): Screen {
  const { t } = useLingui()
  const router = useRouter()
  const turn = (n: number) => () => router.history.push(addressOn(addDays(date, n)))
  return {
    keys: [
      { keys: 'g p', word: t`前の日` },
      { keys: 'g n', word: t`次の日` },
    ],
    jumps: { p: turn(-1), n: turn(1) },
  }
}
