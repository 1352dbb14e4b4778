import { lazy, type ComponentType, type LazyExoticComponent } from 'react'

/**
 * A part that is not needed for the first look (dialogs, panels): fetched when the browser has nothing else to do,
 * so that the first screen stays small and the part still opens without a network.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in React's own type of `lazy`
export function later<T extends ComponentType<any>>(load: () => Promise<{ default: T }>): LazyExoticComponent<T> {
  const fetch = () => void load().catch(() => undefined)
  if (typeof requestIdleCallback === 'function') requestIdleCallback(fetch, { timeout: 5000 })
  else setTimeout(fetch, 2000)
  return lazy(load)
}
