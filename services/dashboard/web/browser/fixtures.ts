import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test as base, type Page } from '@playwright/test'
import type { AxeResults } from 'axe-core'
import { createMock, TODAY } from '../dev/mock.mjs'

export { expect, TODAY }
export type Bff = Awaited<ReturnType<typeof createMock>>
export type Role = 'teacher' | 'substitute' | 'nobody' | 'principal' | 'office' | 'board' | 'operator' | 'guardian'

/** Inner sizes of a 1366×768 Chromebook and of a 390×844 phone. */
export const DESK = { width: 1366, height: 632 }
export const PHONE = { width: 390, height: 664 }

interface Fixtures {
  readonly bff: Bff
  /** Signs in as one of the mock's people and opens an address. */
  readonly open: (role: Role, path: string) => Promise<void>
}

/** A mock BFF of its own for every test; the page must stay free of errors and of refused inline code. */
export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern -- Playwright wants the pattern
  bff: async ({}, use) => {
    const bff = await createMock()
    await use(bff)
    await bff.close()
  },
  open: async ({ page, bff }, use) => {
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(String(error)))
    page.on('console', (message) => {
      const text = message.text()
      if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(text)) wrong.push(text)
    })
    // The headless shell says of itself that its user refused.
    await page.addInitScript(() => {
      if ('Notification' in window && Notification.permission === 'denied') Object.defineProperty(Notification, 'permission', { configurable: true, get: () => 'default' })
    })
    await use(async (role, path) => {
      await page.context().addCookies([{ name: 'mock', value: role, url: bff.url }])
      await page.clock.setSystemTime(`${TODAY}T08:19:30+09:00`)
      await page.goto(bff.url + path)
    })
    expect(wrong).toEqual([])
  },
})

export function rollPath(bff: Bff, date: string = TODAY): string {
  return `/classes/${bff.mock.town.own.class.id}/days/${date}/roll`
}

export function schoolPath(bff: Bff, date: string = TODAY): string {
  return `/schools/${bff.mock.town.schools[0]!.school.id}/days/${date}`
}

/** Marks and confirms a class as its teacher would have. */
export function takeAll(bff: Bff, found = bff.mock.town.own, exceptions: Record<number, string> = {}): void {
  for (const { pupil, number, exchange } of found.members)
    if (!exchange) bff.mock.mark(found.class.id, TODAY, pupil.id, exceptions[number ?? 0] ?? 'present')
  bff.mock.roll(found.class.id, TODAY).taken = { at: `${TODAY}T08:21:00+09:00`, by: found.homeroom, members: found.members.length }
}

/** Presses keys one by one and counts them. */
export async function presses(page: Page, ...keys: string[]): Promise<number> {
  for (const key of keys) await page.keyboard.press(key)
  return keys.length
}

/** The roll stands and hears keys. */
export async function ready(page: Page): Promise<void> {
  await expect(page.locator('[data-cell="0-0"]')).toBeFocused()
}

/** What was sent to a service. */
export function commands({ mock }: Bff) {
  return mock.requests.filter(({ method }) => method === 'POST')
}

export const state = (page: Page) => page.locator('[data-state]')
export const cell = (page: Page, number: number) => page.locator(`[data-cell="${number - 1}-0"]`)

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Findings of axe on the page as it stands, in short. */
export async function axe(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  const results = await page.evaluate(
    () => (window as unknown as { axe: { run(context: unknown, options: unknown): Promise<AxeResults> } }).axe.run(document, {
      resultTypes: ['violations'], // of the thousand places where all is well nothing is gathered
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  )
  return results.violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html, failureSummary }) => `${html}\n    ${failureSummary}`).join('\n  ')}`)
}

/** All that IndexedDB holds in one store. */
export function stored(page: Page, database: string, store: string): Promise<unknown[]> {
  return page.evaluate(
    (names) =>
      new Promise<unknown[]>((done, fail) => {
        const opening = indexedDB.open(names.database)
        opening.onerror = () => fail(opening.error)
        opening.onsuccess = () => {
          const all = opening.result.transaction(names.store).objectStore(names.store).getAll()
          all.onsuccess = () => done(all.result as unknown[])
          opening.result.close()
        }
      }),
    { database, store },
  )
}

/** Puts something of the teacher's into the outbox that another version of the page has kept, and comes anew. */
export async function stranded(page: Page, bff: Bff): Promise<void> {
  const entry = { id: '1', owner: bff.mock.town.own.homeroom.id, kind: 'lunch', path: '/api/lunch', body: {}, label: '給食の記録', screen: '/today', made: `${TODAY}T08:12:00+09:00`, state: 'waiting' }
  await page.evaluate(
    (queue) =>
      new Promise<void>((done, fail) => {
        const opening = indexedDB.open('tsumugi')
        opening.onsuccess = () => {
          const writing = opening.result.transaction('outbox', 'readwrite')
          writing.objectStore('outbox').put(queue, 'queue')
          writing.oncomplete = () => done()
          writing.onerror = () => fail(writing.error)
          opening.result.close()
        }
      }),
    [entry],
  )
  await page.reload()
}
