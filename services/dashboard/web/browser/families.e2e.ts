/** Families' frame: every word in every language and at every length, readings, and a first page without a network. */
import { readFileSync } from 'node:fs'
import { compileMessage } from '@lingui/message-utils/compileMessage'
import { generateMessageId } from '@lingui/message-utils/generateMessageId'
import type { Page } from '@playwright/test'
import { axe, commands, expect, PHONE, test, TODAY, type Bff } from './fixtures'

const NARROW = { width: 320, height: 640 }

/** Everything told and answered, of two children. */
function full(bff: Bff): void {
  const { family } = bff.mock
  const [seen, late] = [family.notice({ words: null }), family.notice({ late: true, words: null })]
  family.confirm(seen)
  family.children[0]!.notices.push(seen, late, family.notice({ withdrawn: true, words: null }))
  family.other.notices.push(family.notice({ own: false, may_change: false, relation_word: '父', kind: 'early_leave', reason: null, since: '2026-11-24', until: '2026-11-26' }))
  family.children.push(family.other)
}

/** English with every message 40 % longer, in brackets. */
function pseudo(): string {
  const words = Object.entries(JSON.parse(readFileSync('src/locales/guardian/en.json', 'utf8')) as Record<string, string>)
  const longer = (text: string) => `⟦${text} ${'ü'.repeat(Math.ceil(text.length * 0.4))}⟧`
  return `export default ${JSON.stringify(Object.fromEntries(words.map(([source, said]) => [generateMessageId(source), compileMessage(longer(said))])))}`
}

/** Words on the page that no catalogue has given: neither data (`lang` of its own) nor a day or a time. */
function loose(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? ''
      const parent = node.parentElement
      if (text === '' || !parent || parent.closest('script, style, nav, [lang]:not(html)') || !parent.checkVisibility()) continue
      if (!/⟦[^⟧]*$/.test(text) && !/⟦.*⟧/s.test(text) && !/^[^⟦]*⟧/.test(text) && !/^[\w,.:–\s]*$/.test(text)) found.push(text)
    }
    return found
  })
}

/** What is wider than its place. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => [
    ...(document.documentElement.scrollWidth > innerWidth ? ['the page'] : []),
    ...[...document.querySelectorAll<HTMLElement>('body *')]
      .filter((each) => each.clientWidth > 1 && each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
      .map((each) => `${each.tagName} ${each.textContent?.slice(0, 40)}`),
  ])
}

test.describe('with files of the test', () => {
  // A worker would answer instead.
  test.use({ serviceWorkers: 'block' })

  test('a language half as long again: every word translated, nothing cut off', async ({ page, bff, open }) => {
    full(bff)
    await page.addInitScript(() => localStorage.setItem('tsumugi-language', 'en'))
    await page.route('**/assets/en-*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: pseudo() }))
    for (const size of [{ width: 390, height: 844 }, NARROW]) {
      await page.setViewportSize(size)
      for (const path of ['/family', '/family/tell', '/family/settings', '/people']) {
        await open('guardian', path)
        await expect(page.getByText(/⟦/).first()).toBeVisible()
        await expect(page.locator('[data-loading]')).toHaveCount(0)
        expect(await loose(page), path).toEqual([])
        expect(await cut(page), `${path} ${size.width}`).toEqual([])
      }
    }
  })
})

test('readings over 漢字, on every page from then on; read out once', async ({ page, bff, open }) => {
  full(bff)
  await page.setViewportSize(NARROW)
  await open('guardian', '/family')
  await page.getByRole('button', { name: 'ふりがな' }).click()
  const tell = page.getByRole('link', { name: '欠席・遅刻を連絡する', exact: true })
  await expect(tell.locator('rt')).toHaveText(['けっせき', 'ちこく', 'れんらく'])
  await page.reload()
  await expect(tell.locator('rt').first()).toBeVisible()
  expect(await cut(page)).toEqual([])
  expect(await axe(page)).toEqual([])
  await tell.click()
  await page.getByRole('radio', { name: '休む（病気・けが）', exact: true }).check()
  await page.getByRole('checkbox').first().check()
  expect(await cut(page)).toEqual([])
  await page.getByRole('button', { name: '学校に送る', exact: true }).click()
  await expect(page.getByText('学校に届きました').first()).toBeAttached()
  expect(JSON.stringify(commands(bff).map(({ body }) => body))).not.toContain('《')
  await page.getByRole('button', { name: 'やさしい日本語' }).click()
  await expect(page.getByRole('link', { name: '休むこと・おくれることを れんらくする', exact: true }).locator('rt')).toHaveText(['やす'])
  await page.getByRole('button', { name: 'ふりがな' }).click()
  await expect(page.locator('rt')).toHaveCount(0)
})

test('a telephone opened without a network: it says so, takes a word, and sends it once', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await open('guardian', '/family')
  await expect(page.getByRole('link', { name: '欠席・遅刻を連絡する' })).toBeVisible()
  const kept = () => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).length))).reduce((all, one) => all + one, 0))
  await expect.poll(kept).toBeGreaterThan(8)
  const asked = await page.evaluate(() => new Set([...document.querySelectorAll<HTMLLinkElement>('link[href*="/assets/"]')].map(({ href }) => href)).size)
  await expect.poll(kept).toBeGreaterThan(asked)
  await page.context().setOffline(true)
  await page.goto(`${bff.url}/`)
  await expect(page.getByText('つながっていません。')).toBeVisible()
  await page.getByRole('link', { name: '欠席・遅刻を連絡する' }).click()
  await page.getByRole('radio', { name: 'おくれる' }).check()
  await page.getByRole('button', { name: '学校に送る' }).click()
  await expect(page.getByText('まだ届いていません')).toBeVisible()
  await page.goto(`${bff.url}/`)
  await expect(page.getByText('まだ届いていません')).toBeVisible()
  await page.context().setOffline(false)
  await expect(page.getByText('学校に届きました')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('つながっていません。')).toHaveCount(0)
  expect(bff.mock.family.children[0]!.notices).toHaveLength(1)
  expect(bff.mock.family.children[0]!.notices[0]).toMatchObject({ kind: 'late', since: TODAY })
})

test('whoever signs out leaves nothing of the family on the device', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await open('guardian', '/family')
  // Opened only where it is there: who opens it first makes it, and without the app's own table.
  const names = () =>
    page.evaluate(async () =>
      (await indexedDB.databases()).every(({ name }) => name !== 'tsumugi-family') ? 0 :
        new Promise<number>((done) => {
          const opening = indexedDB.open('tsumugi-family')
          opening.onsuccess = () => {
            const { objectStoreNames } = opening.result
            if (!objectStoreNames.contains('kept')) return done(0)
            const all = opening.result.transaction('kept').objectStore('kept').getAll()
            all.onsuccess = () => done(all.result.length)
            opening.result.close()
            return undefined
          }
        }),
    )
  await expect.poll(names).toBe(1)
  await page.getByRole('link', { name: '設定' }).click()
  await page.getByRole('button', { name: 'サインアウト', exact: true }).click()
  await page.getByRole('button', { name: 'サインアウトする' }).click()
  await expect(page.getByRole('heading', { name: 'サインアウトしました' })).toBeVisible()
  expect(await names()).toBe(0)
  expect(bff.mock.family.children).toHaveLength(1)
})
