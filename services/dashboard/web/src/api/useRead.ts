import { useQuery, type QueryKey, type UseQueryOptions } from '@tanstack/react-query'
import { isGone } from './problem'

/** What a screen reads: cached data at once, kept while a passing trouble lasts, gone as soon as it is refused. */
export function useRead<T, K extends QueryKey>(options: UseQueryOptions<T, Error, T, K>) {
  const { data, error, refetch, dataUpdatedAt } = useQuery(options)
  return { data: isGone(error) ? undefined : data, error, dataUpdatedAt, again: () => void refetch() }
}
