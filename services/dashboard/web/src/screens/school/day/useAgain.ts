import { useQueryClient } from '@tanstack/react-query'
import { KEY } from './unannounced'

/** Asks anew for what a press on this screen may have changed; others hear it over the stream. */
export function useAgain(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all([queries.invalidateQueries({ queryKey: [KEY] }), queries.invalidateQueries({ queryKey: ['school-day'] })])
  }
}
