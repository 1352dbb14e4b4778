/** Keeps the frame on this device (public/sw.js). A browser that does not want to is no worse off. */
export async function keepShell(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  try {
    await navigator.serviceWorker.register('/sw.js')
    // What came before the worker did: it opens without a network from the first day.
    const { active } = await navigator.serviceWorker.ready
    const named = [...document.querySelectorAll<HTMLLinkElement>('link[href]')].map(({ href }) => href)
    const scripts = [...document.scripts].map(({ src }) => src)
    const fetched = performance.getEntriesByType('resource').map(({ name }) => name)
    const files = new Set([...named, ...scripts, ...fetched].filter(Boolean).map((address) => new URL(address, location.href).pathname))
    active?.postMessage({ keep: [...files].filter((path) => path.startsWith('/assets/')) })
  } catch {
    // private windows and old browsers
  }
}
