import { useEffect, useRef, useState } from 'react'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { uuid7 } from '~/api/uuid7'
import type { Applied, BoardYear } from './data'
import { ofSchool, type Outcome } from './rules'

interface Running {
  readonly act: 'look' | 'apply'
  readonly done: number
  readonly of: number
}

/**
 * Looks at schools and applies the plan to them, one after the other: whoever comes next sees what is done, and of a
 * break in the middle nothing is half done.
 */
export function useSchools(year: BoardYear, path: string, owner: string) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map())
  const [running, setRunning] = useState<Running | null>(null)
  const [error, setError] = useState<Problem | NotConnected | null>(null)
  const stopper = useRef<AbortController | null>(null)
  // Whoever leaves the page has it end after the school that is under way.
  useEffect(() => () => stopper.current?.abort(), [])
  /** A command that nobody has answered keeps its number. */
  const open = useRef(new Map<string, string>())

  async function ask(school: string, dry: boolean): Promise<Outcome | null> {
    const before = outcomes.get(school)
    const looked = before?.kind === 'looked' && !dry ? { [school]: before.follows.revision } : {}
    const body = { rows: year.rows, seen: year.revision, schools: [school], looked, dry }
    const what = JSON.stringify(body)
    const id = open.current.get(what) ?? uuid7()
    open.current.set(what, id)
    try {
      const follows = (await command<Applied>(path, body, id, owner)).schools.find((one) => one.school.id === school)
      open.current.delete(what)
      return follows ? { kind: dry ? 'looked' : 'applied', follows } : null
    } catch (thrown) {
      if (!(thrown instanceof Problem || thrown instanceof NotConnected)) throw thrown
      if (thrown instanceof Problem && thrown.status < 500) open.current.delete(what)
      const refused = ofSchool(thrown, school)
      if (refused === null) setError(thrown)
      return refused
    }
  }

  async function run(act: Running['act'], schools: readonly string[]): Promise<void> {
    if (running !== null) return
    const { signal } = (stopper.current = new AbortController())
    setError(null)
    for (const [done, school] of schools.entries()) {
      setRunning({ act, done, of: schools.length })
      const outcome = await ask(school, act === 'look')
      if (outcome === null) break
      setOutcomes((all) => new Map([...all, [school, outcome]]))
      if (signal.aborted) break
    }
    setRunning(null)
  }

  return {
    outcomes,
    running,
    error,
    look: (schools: readonly string[]) => run('look', schools),
    apply: (schools: readonly string[]) => run('apply', schools),
    stop: () => stopper.current?.abort(),
  }
}
