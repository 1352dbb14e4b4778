/** This device's own subscription to push: asked for on a tap, never by itself. */

export type Ability = 'able' | 'denied' | 'install' | 'none'

/** What this browser can do: `install` where it could if it were opened from the home screen (iPhone, iPad). */
export function ability(): Ability {
  if ('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) return Notification.permission === 'denied' ? 'denied' : 'able'
  return isApple() ? 'install' : 'none'
}

function isApple(): boolean {
  return /iPhone|iPad|iPod/.test(navigator.userAgent)
}

export type Device = 'apple' | 'android' | 'computer'

/** What kind of device it is, to know it again on the list. */
export function deviceKind(): Device {
  if (isApple()) return 'apple'
  return navigator.userAgent.includes('Android') ? 'android' : 'computer'
}

export interface Subscribed {
  readonly endpoint: string
  readonly p256dh: string
  readonly auth: string
}

/** Asks the person, then the browser. Null when either says no. */
export async function subscribe(key: string): Promise<Subscribed | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null
  const { pushManager } = await navigator.serviceWorker.ready
  const before = await pushManager.getSubscription()
  if (before) await before.unsubscribe() // it may be of another key, or of somebody who was here before
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  const { endpoint, keys } = made.toJSON()
  const { p256dh, auth } = keys ?? {}
  return endpoint !== undefined && p256dh !== undefined && auth !== undefined ? { endpoint, p256dh, auth } : null
}
