import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { NotConnected, Problem } from '~/api/problem'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { base, readFamilies, type Sheets } from './data'
import { bytesOf, withoutSheet, type Wanted } from './rules'

/** Sheets that were made: they are here, in this page, and nowhere else. */
export interface Made {
  readonly name: string
  readonly printed: number
  /** An address within this page; null when the answer was lost and the sheets with it. */
  readonly href: string | null
  readonly missing: readonly string[]
  /** Guardians whom somebody else has given a sheet meanwhile, or who are none any more. */
  readonly refused: number
}

interface Place {
  readonly id: string | null
  readonly name: string
}

export function usePrinting(school: string) {
  const queries = useQueryClient()
  const { send, error, forget } = useCommand<Sheets>(useMe().person.id)
  const [made, setMade] = useState<readonly Made[]>([])
  const [at, setAt] = useState<{ readonly done: number; readonly of: number; readonly name: string } | null>(null)
  const [lost, setLost] = useState<Problem | NotConnected | null>(null)
  const hrefs = useRef<string[]>([])
  const here = useRef(true)
  useEffect(() => {
    const made = hrefs.current
    here.current = true
    return () => {
      here.current = false
      for (const href of made.splice(0)) URL.revokeObjectURL(href)
    }
  }, [])

  async function print({ id, name }: Place, sheets: readonly Wanted[]): Promise<boolean> {
    if (sheets.length === 0) return true
    const answer = await send(`${base(school)}/sheets`, { class_id: id, sheets })
    if (answer === null) return false
    const href = answer.pdf === null ? null : URL.createObjectURL(new Blob([bytesOf(answer.pdf)], { type: 'application/pdf' }))
    if (href !== null) hrefs.current.push(href)
    setMade((before) => [...before, { name, printed: answer.printed, href, missing: answer.missing, refused: answer.refused.length }])
    return true
  }

  /** Class by class, each with those who have no sheet at that moment: a brother's class comes after his sister's. */
  async function printAll(classes: readonly Place[]): Promise<void> {
    if (at !== null) return
    setLost(null)
    forget()
    try {
      for (const [done, place] of classes.entries()) {
        if (!here.current) return
        setAt({ done, of: classes.length, name: place.name })
        const { families } = await readFamilies(school, place.id)
        if (!(await print(place, withoutSheet(families)))) return
      }
    } catch (thrown) {
      if (!(thrown instanceof Problem || thrown instanceof NotConnected)) throw thrown
      setLost(thrown)
    } finally {
      setAt(null)
      await queries.invalidateQueries({ queryKey: ['invitations', school] })
    }
  }

  async function printOne(place: Place, sheet: Wanted): Promise<void> {
    if (at !== null) return
    setLost(null)
    setAt({ done: 0, of: 1, name: place.name })
    await print(place, [sheet])
    setAt(null)
    await queries.invalidateQueries({ queryKey: ['invitations', school] })
  }

  return { made, at, error: error ?? lost, printAll, printOne }
}
