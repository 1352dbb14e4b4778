import { forgetAnswers } from '~/api/http'
import { wipeDrafts } from '~/outbox/drafts'
import { outbox } from '~/outbox/useOutbox'
import { leaveFamily } from './kept'
import { forgetSheet } from './lastSheet'
import { unsubscribe, withOwn } from './ownDevice'

/** Nothing of this person stays on the device, and this page goes to the address `to`. */
export async function leave(person: string, to: string): Promise<void> {
  await Promise.all([outbox.wipe(person), wipeDrafts(person), leaveFamily(), withOwn(person, unsubscribe)])
  forgetAnswers()
  forgetSheet()
  location.assign(to)
}
