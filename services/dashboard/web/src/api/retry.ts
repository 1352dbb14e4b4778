import { NotConnected, Problem } from './problem'

/** A refusal stays one; troubles that pass are tried twice more. */
export function worthRetrying(failures: number, error: Error): boolean {
  const passing = error instanceof NotConnected || (error instanceof Problem && error.status >= 500)
  return passing && failures < 2
}

/** Milliseconds. A service that is full says when to come back; those it sent away together must not return together. */
export function retryDelay(failures: number, error: Error): number {
  const told = error instanceof Problem ? error.comeBack : null
  return told === null ? 400 * 2 ** failures : (told + Math.random()) * 1000
}
