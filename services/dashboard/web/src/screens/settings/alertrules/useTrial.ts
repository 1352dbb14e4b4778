import { useEffect, useRef, useState } from 'react'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { uuid7 } from '~/api/uuid7'
import type { Day } from '~/dates/dates'
import { TRIALS, type Trial } from './data'
import { draftOf, type Written } from './rules'

const TURN = 1000
/** So often is a step sent again that nobody answered; then the person says when to go on. */
const AGAIN = 5

type Tried = { readonly of: Trial; readonly tried: readonly Written[] }
type Why = Problem | NotConnected
const passes = (why: Why) => why instanceof NotConnected || why.status >= 500

/** Tries a draft at one school after the other, for as long as the page stands and nobody stops it. */
export function useTrial(person: string) {
  const [trial, setTrial] = useState<Tried | null>(null)
  const [running, setRunning] = useState(false)
  const [error, setError] = useState<Why | null>(null)
  const turn = useRef(0)
  const first = useRef({ what: '', id: '' })
  useEffect(() => () => void (turn.current += 1), [])

  /** An answer, or why there is none. */
  async function ask(path: string, body: unknown, id: string): Promise<Trial | Why> {
    try {
      return await command<Trial>(path, body, id, person)
    } catch (thrown) {
      if (thrown instanceof Problem || thrown instanceof NotConnected) return thrown
      throw thrown
    }
  }

  /** Counts on from where a trial is. A step that fails is sent again: what was counted stays counted. */
  async function goOn(from: Tried, mine: number) {
    let { of } = from
    let [failed, id] = [0, uuid7()]
    while (mine === turn.current) {
      setTrial({ of, tried: from.tried })
      if (of.done >= of.schools) break
      if (of.waits || failed > 0) await new Promise((done) => setTimeout(done, TURN * Math.max(failed, 1)))
      if (mine !== turn.current) return
      const answer = await ask(`${TRIALS}/${of.id}/step`, {}, id)
      if (mine !== turn.current) return
      if (answer instanceof Error) {
        failed += 1
        if (passes(answer) && failed < AGAIN) continue
        setError(answer)
        break
      }
      ;[of, failed, id] = [answer, 0, uuid7()]
    }
    if (mine === turn.current) setRunning(false)
  }

  function starts(): number {
    setRunning(true)
    setError(null)
    return (turn.current += 1)
  }

  async function run(tried: readonly Written[], months: readonly Day[]) {
    const mine = starts()
    const body = { rules: draftOf(tried), months }
    const what = JSON.stringify(body)
    // Asked once more after a broken connection it is the same trial, for there are few of them a day.
    if (first.current.what !== what) first.current = { what, id: uuid7() }
    const answer = await ask(TRIALS, body, first.current.id)
    if (!(answer instanceof Error && passes(answer))) first.current = { what: '', id: '' }
    if (mine !== turn.current) return
    if (!(answer instanceof Error)) return goOn({ of: answer, tried }, mine)
    setError(answer)
    setRunning(false)
  }

  function stop() {
    turn.current += 1
    setRunning(false)
    setTrial(null)
    setError(null)
  }

  return { trial, running, error, run, stop, again: () => (trial ? goOn(trial, starts()) : Promise.resolve()) }
}
