import { NotConnected, problemFrom } from './problem'
import { session } from './session'

/** Without a sign of life for so long the line counts as gone. */
const PATIENCE_MS = 60_000

/**
 * Sends a file of any size as it lies on the disk. XMLHttpRequest, because fetch does not say how much has gone. The same
 * file may be sent again: it replaces what came of it before.
 */
export function sendFile(path: string, file: Blob, owner: string, tell: (sent: number) => void): Promise<void> {
  return new Promise((done, refuse) => {
    const request = new XMLHttpRequest()
    let timer: ReturnType<typeof setTimeout>
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => request.abort(), PATIENCE_MS)
    }
    const lost = () => {
      clearTimeout(timer)
      refuse(new NotConnected())
    }
    request.open('PUT', path)
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('X-Tsumugi', owner)
    request.upload.onprogress = ({ loaded }) => {
      alive()
      tell(loaded)
    }
    request.onerror = lost
    request.onabort = lost
    request.onload = () => {
      clearTimeout(timer)
      if (request.status < 300) {
        done()
        return
      }
      let body: unknown
      try {
        body = JSON.parse(request.responseText)
      } catch {
        body = null // a proxy's page
      }
      const problem = problemFrom(request.status, body)
      session.heed(problem, new Headers({ 'X-Tsumugi': request.getResponseHeader('X-Tsumugi') ?? '' }))
      refuse(problem)
    }
    alive()
    request.send(file)
  })
}
