/**
 * What the answers to every kind of command mean. Here and not with the screens: what was kept yesterday is sent from
 * whatever page comes first, and its screen may not be loaded there.
 */
import type { RollAnswer, RollCommand } from '~/api/types'
import type { KindRules } from './rules'

const ROLL: KindRules = {
  open: (_, answer) => (answer as RollAnswer).refused.length > 0,
  rebase(later, answer) {
    const saved = new Map((answer as RollAnswer).saved.map(({ pupil, revision }) => [pupil, revision]))
    const body = later.body as RollCommand
    return { ...later, body: { ...body, marks: body.marks.map((mark) => ({ ...mark, seen: saved.get(mark.pupil) ?? mark.seen })) } }
  },
}

/** A guardian's notice: taken or refused, nothing in between; what follows a change of one's own stands on its revision. */
const TOLD: KindRules = {
  open: () => false,
  rebase(later, answer) {
    const body = later.body as { readonly seen?: number }
    const revision = (answer as { readonly notices: readonly { readonly revision: number }[] }).notices[0]?.revision
    return body.seen === undefined || revision === undefined ? later : { ...later, body: { ...body, seen: revision } }
  },
}

export const KINDS = { roll: ROLL, told: TOLD } satisfies Record<string, KindRules>

export type Kind = keyof typeof KINDS
