import { useEffect, useState } from 'react'
import { command } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { uuid7 } from '~/api/uuid7'
import { useMe } from '~/app/me'
import type { Form, Kind, Sample } from './data'

const REST_MS = 500

interface Shown {
  readonly of: string
  readonly sample: Sample | null
  readonly error: Problem | NotConnected | null
}

/** The sample of a form, asked for when the hand rests; the last one stays until the next is there. */
export function useSample(path: string, kind: Kind, form: Form, left: boolean) {
  const owner = useMe().person.id
  const [shown, setShown] = useState<Shown>({ of: '', sample: null, error: null })
  const asked = JSON.stringify({ kind, form, left })
  useEffect(() => {
    let gone = false
    const timer = setTimeout(() => {
      command<Sample>(path, JSON.parse(asked), uuid7(), owner).then(
        (sample) => {
          if (!gone) setShown({ of: asked, sample, error: null })
        },
        (error: unknown) => {
          if (!(error instanceof Problem || error instanceof NotConnected)) throw error
          if (!gone) setShown((before) => ({ of: asked, sample: before.sample, error }))
        },
      )
    }, REST_MS)
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [path, asked, owner])
  return { sample: shown.sample, error: shown.error, late: shown.of !== asked }
}
