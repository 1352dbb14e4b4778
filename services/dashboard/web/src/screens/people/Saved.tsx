import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { Strip } from '~/parts/Strip'
import styles from './Saved.module.css'

/** In the place of somebody of whom no screen is left. */
export const ERASED = 'erased'

const keyOf = (of: string) => ['saved', of]

/** What was written, for the screen of `of` that is opened next. */
export function carrySaved(queries: QueryClient, of: string, words: readonly string[]): void {
  queries.setQueryData(keyOf(of), words)
}

interface SavedProps {
  /** Whose screen was gone to. */
  readonly of: string
  readonly title: ReactNode
}

/** Says what was saved on the screen that followed, until it is left; the form that was pressed is gone, so the keyboard goes on from here. */
export function Saved({ of, title }: SavedProps) {
  const queries = useQueryClient()
  const [words] = useState(() => queries.getQueryData<readonly string[]>(keyOf(of)))
  useEffect(() => () => queries.removeQueries({ queryKey: keyOf(of) }), [queries, of])
  if (words === undefined) return null
  return (
    <div className={styles.saved}>
      <Strip kind="good" live focused>
        <strong>{title}</strong>
        {words.length > 0 && (
          <ul>
            {words.map((word) => (
              <li key={word}>{word}</li>
            ))}
          </ul>
        )}
      </Strip>
    </div>
  )
}
