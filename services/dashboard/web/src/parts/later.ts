import { lazy, type ComponentType, type LazyExoticComponent } from 'react'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in React's own type of `lazy`
type Load<T extends ComponentType<any>> = () => Promise<{ readonly default: T }>

/** A component with a file of its own: `fetch` brings the file, `Part` shows it, and waits only if it has not come. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export function filed<T extends ComponentType<any>>(load: Load<T>): { readonly fetch: Load<T>; readonly Part: LazyExoticComponent<T> } {
  let coming: ReturnType<Load<T>> | undefined
  let come: { readonly default: T } | undefined
  const fetch = () =>
    (coming ??= load().then(
      (found) => (come = found),
      (error: unknown) => {
        coming = undefined // before it is shown it is asked for again: it may have been a full server's refusal
        throw error
      },
    ))
  return { fetch, Part: lazy(() => (come ? given(come) : fetch())) }
}

/**
 * A later part is not needed for the first look (dialogs, panels): fetched when the browser has nothing else to do,
 * so that the first screen stays small and the part still opens without a network.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export function later<T extends ComponentType<any>>(load: Load<T>): LazyExoticComponent<T> {
  const { fetch, Part } = filed(load)
  const begin = () => void fetch().catch(() => undefined)
  if (typeof requestIdleCallback === 'function') requestIdleCallback(begin, { timeout: 5000 })
  else setTimeout(begin, 2000)
  return Part
}

/**
 * For every promise, even of what has long come, React shows the wait, and takes none back before 300 ms are over. One
 * that answers while it is asked makes it show none.
 */
function given<T>(value: T): Promise<T> {
  return { then: (take: (value: T) => void) => take(value) } as Promise<T>
}
