import { forgetAnswers } from '~/api/http'
import { wipeDrafts } from '~/outbox/drafts'
import { outbox } from '~/outbox/useOutbox'
import { forgetFamily } from './kept'

/** Nothing of this person stays on the device, and this page goes to the address `to`. */
export async function leave(person: string, to: string): Promise<void> {
  await Promise.all([outbox.wipe(person), wipeDrafts(person), forgetFamily()])
  forgetAnswers()
  location.assign(to)
}
