import { useEffect, useState } from 'react'

/** An installed page stays open for weeks; a page that comes back is asked for its version, not oftener than this. */
const SELDOM_MS = 30 * 60_000

/** Whether the server has another version of the front end than this page runs. Says it only; the reader reloads. */
export function useNewVersion(): boolean {
  const [fresh, setFresh] = useState(false)
  useEffect(() => {
    let last = performance.now()
    const look = () => {
      if (document.visibilityState !== 'visible' || performance.now() - last < SELDOM_MS) return
      last = performance.now()
      void isNew().then((yes) => yes && setFresh(true))
    }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  return fresh
}

/** Its first file has its content in its name. */
async function isNew(): Promise<boolean> {
  const mine = document.querySelector<HTMLScriptElement>('script[type=module][src]')?.getAttribute('src')
  try {
    const answer = await fetch('/', { cache: 'no-store', headers: { Accept: 'text/html' } })
    return answer.ok && mine !== null && mine !== undefined && !(await answer.text()).includes(mine)
  } catch {
    return false
  }
}
