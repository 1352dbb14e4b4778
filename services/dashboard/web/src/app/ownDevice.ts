/**
 * This device's own subscription to push: the channel it was taken for, and by whom. A mark for the list, and what has to
 * go when that person leaves the device. Leaving never waits long for it.
 */
const [CHANNEL, OWNER] = ['tsumugi-push', 'tsumugi-push-of']
const PATIENCE_MS = 1_500

export const ownChannel = (): string | null => localStorage.getItem(CHANNEL)

export function keepOwn(channel: string, owner: string): void {
  localStorage.setItem(CHANNEL, channel)
  localStorage.setItem(OWNER, owner)
}

/** The browser forgets it: whatever is still on its way shows nothing here. */
export async function unsubscribe(): Promise<void> {
  for (const key of [CHANNEL, OWNER]) localStorage.removeItem(key)
  const worker = 'serviceWorker' in navigator ? await navigator.serviceWorker.getRegistration() : undefined
  await (await worker?.pushManager.getSubscription())?.unsubscribe()
}

/** Does `work` with the channel that `person` has on this device, if there is one; done after a moment, however it went. */
export async function withOwn(person: string, work: (channel: string) => Promise<unknown>): Promise<void> {
  const channel = ownChannel()
  if (channel === null || localStorage.getItem(OWNER) !== person) return
  const moment = new Promise((done) => setTimeout(done, PATIENCE_MS))
  await Promise.race([work(channel).catch(() => undefined), moment])
}
