import { timeOf, type Day } from '~/dates/dates'
import type { Act, Alert } from './data'

/** Each child's alerts together, children in the order of their first ones. */
export function byChild(alerts: readonly Alert[]): readonly (readonly Alert[])[] {
  const found = new Map<string, Alert[]>()
  for (const alert of alerts) found.set(alert.pupil.id, [...(found.get(alert.pupil.id) ?? []), alert])
  return [...found.values()]
}

/** A child stands where the alert stands that most needs somebody. */
export function stateOf(alerts: readonly Alert[]): Alert['state'] {
  return (['open', 'seen'] as const).find((state) => alerts.some((alert) => alert.state === state)) ?? 'closed'
}

/** What is said about a child is said about each alert that it can be said of. */
export function meant(alerts: readonly Alert[], act: Act['act']): readonly Alert[] {
  return alerts.filter(({ state }) => (act === 'seen' ? state === 'open' : act === 'closed' ? state !== 'closed' : state === 'closed'))
}

/** What was said about a child, in order; what was said of several alerts at once is told once. */
export function actsOf(alerts: readonly Alert[], date: Day): readonly Act[] {
  const told = new Map<string, Act>()
  for (const act of alerts.flatMap(({ acts }) => acts).toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at))))
    told.set(`${timeOf(act.at, date)} ${act.by.id} ${act.act} ${act.done ?? ''}`, act)
  return [...told.values()]
}
