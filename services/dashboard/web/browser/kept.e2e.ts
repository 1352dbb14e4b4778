/** What stays on the device: typed, through reloads, kills, other people and the sign-out. */
import type { BrowserContext, Page } from '@playwright/test'
import { cell, commands, DESK, expect, presses, ready, rollPath, state, stored, stranded, test, TODAY, type Bff } from './fixtures'

test.use({ viewport: DESK })

const YESTERDAY = '2026-11-19'

test('a reload keeps what was typed and not saved, however soon it comes', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k')
  await page.reload()
  await expect(cell(page, 12)).toContainText('病欠')
  await expect(page.getByText('1人を入力')).toBeVisible()
  await presses(page, '1', '2', 'Delete')
  await page.reload()
  await ready(page)
  await expect(cell(page, 12)).toContainText('未入力')
})

test('a killed tab keeps it', async ({ page, bff, open, context }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  const killer = await context.newCDPSession(page)
  await presses(page, '1', '2', 'k')
  const killed = page.waitForEvent('crash')
  killer.send('Page.crash').catch(() => undefined) // nobody is left to answer
  await killed
  const next = await context.newPage()
  await next.goto(bff.url + rollPath(bff))
  await expect(cell(next, 12)).toContainText('病欠')
})

test('a killed browser keeps it', async ({ bff, playwright, launchOptions }, info) => {
  const browser = () => playwright.chromium.launchPersistentContext(info.outputPath('profile'), { ...launchOptions, viewport: DESK })
  const first = await browser()
  const page = await teacher(first, bff)
  await ready(page)
  await presses(page, '1', '2', 'k')
  await expect.poll(() => stored(page, 'tsumugi-drafts', 'drafts')).toHaveLength(1)
  const killer = await first.newCDPSession(page)
  const killed = new Promise((done) => first.once('close', done))
  killer.send('Browser.crash').catch(() => undefined)
  await killed
  const second = await browser()
  await expect(cell(await teacher(second, bff), 12)).toContainText('病欠')
  await second.close()
})

test('a device whose store never answers keeps it over a reload', async ({ page, bff, open }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => ({}) as IDBOpenDBRequest
  })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k')
  await page.reload()
  await expect(cell(page, 12)).toContainText('病欠')
})

test('what the server already has does not come back over a later entry of somebody else', async ({ page, bff, open }) => {
  const { own } = bff.mock.town
  const pupil = own.members.find(({ number }) => number === 12)!.pupil.id
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k')
  await expect(cell(page, 12)).toContainText('病欠')
  await page.goto('about:blank')
  bff.mock.mark(own.class.id, TODAY, pupil, 'absent_sick') // the same, from another machine
  await open('teacher', rollPath(bff))
  await ready(page)
  await expect(cell(page, 12)).toContainText('病欠')
  await page.goto('about:blank')
  bff.mock.mark(own.class.id, TODAY, pupil, 'present')
  await open('teacher', rollPath(bff))
  await ready(page)
  await expect(cell(page, 12)).toContainText('出席')
  await expect(cell(page, 12)).not.toContainText('病欠')
})

test('what is typed while the device stores a save stays, with its own steps back', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await page.evaluate(() => {
    let free: () => void
    const held = new Promise<void>((done) => (free = done))
    void navigator.locks.request('tsumugi-outbox', () => held)
    addEventListener('free', () => free())
  })
  await presses(page, '1', '2', 'k', '1', '3', 'k', 'Control+s', '1', '2', 'c')
  await expect(cell(page, 12)).toContainText('遅刻')
  await page.evaluate(() => dispatchEvent(new Event('free')))
  await expect.poll(() => commands(bff).length).toBe(1)
  await expect.poll(() => stored(page, 'tsumugi', 'outbox')).toEqual([[]])
  await expect(cell(page, 12)).toContainText('遅刻')
  await expect(cell(page, 13)).toContainText('病欠')
  await expect(page.getByText('1人を入力')).toBeVisible()
  await presses(page, 'Control+z')
  await expect(cell(page, 12)).toContainText('病欠')
  await presses(page, 'Control+z') // what was sent is not undone
  await expect(cell(page, 13)).toContainText('病欠')
  await presses(page, 'Control+Shift+z')
  await expect(cell(page, 12)).toContainText('遅刻')
  await expect(page.getByText('どちらにしますか')).toHaveCount(0) // nobody else has changed anything
  await presses(page, 'Control+Enter')
  await expect(state(page)).toContainText('に確定しました')
  const sent = commands(bff).map(({ body }) => (JSON.parse(body) as { marks: { pupil: string; seen: number; code: string }[] }).marks)
  const twelve = bff.mock.town.own.members[11]!.pupil.id
  expect(sent.map((marks) => marks.filter(({ pupil }) => pupil === twelve))).toMatchObject([[{ seen: 0, code: 'absent_sick' }], [{ seen: 1, code: 'late' }]])
})

test('two tabs on one roll show the same, and neither loses what was typed in the other', async ({ page, bff, open, context }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  const second = await context.newPage()
  await second.goto(bff.url + rollPath(bff))
  await ready(second)
  await presses(page, '1', '2', 'k', '5', 'k')
  await expect(cell(second, 12)).toContainText('病欠')
  await presses(second, '3', 'c', '5', 'c')
  for (const tab of [page, second]) {
    await expect(tab.getByText('3人を入力')).toBeVisible()
    await expect(cell(tab, 5)).toContainText('遅刻')
    await tab.reload()
    await expect(tab.getByText('3人を入力')).toBeVisible()
  }
  await presses(second, '3', 'Delete')
  await expect(cell(page, 3)).toContainText('未入力')
  await presses(page, 'Control+s')
  for (const tab of [page, second]) {
    await expect(tab.getByText(/人を入力/)).toHaveCount(0)
    await expect(cell(tab, 5)).toContainText('遅刻')
  }
  await expect.poll(() => commands(bff).length).toBe(1)
  expect((JSON.parse(commands(bff)[0]!.body) as { marks: unknown[] }).marks).toHaveLength(2)
})

test('two rolls kept offline arrive once each from the first page of the next morning', async ({ page, bff, open, context }) => {
  bff.mock.faults.push({ path: 'POST /api', drop: true })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', 'Control+Enter')
  await expect(state(page)).toContainText('未送信 1件')
  await open('teacher', rollPath(bff, YESTERDAY))
  await ready(page)
  await presses(page, '3', 'c', 'Control+Enter')
  await expect(page.getByRole('link', { name: '未送信 2件' })).toBeVisible()
  await page.close()
  bff.mock.faults.length = 0
  const refused = commands(bff).length

  const next = await context.newPage()
  await next.goto(`${bff.url}/today`)
  await expect.poll(() => stored(next, 'tsumugi', 'outbox')).toEqual([[]])
  await expect(next.getByRole('link', { name: /未送信/ })).toHaveCount(0)
  // The last request of the closed page may come in only now: what counts is that each key brings one roll, and in its turn.
  const arrived = new Map(commands(bff).slice(refused).map(({ path, headers }) => [headers['idempotency-key'], path]))
  expect([...arrived.values()]).toEqual([rollPath(bff), rollPath(bff, YESTERDAY)].map((path) => `/api/registry/v1${path}`))
  const { own } = bff.mock.town
  for (const [day, number] of [[TODAY, 12], [YESTERDAY, 3]] as const) {
    expect(bff.mock.roll(own.class.id, day).taken).not.toBeNull()
    expect(bff.mock.cell(own.class.id, day, own.members[number - 1]!.pupil.id).revision).toBe(1)
  }
})

test('a roll that a service always fails over holds up no other, and can be mended', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: `POST .*${TODAY}/roll$`, status: 500 })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', 'Control+s')
  await expect(state(page)).toContainText('未送信 1件')
  await open('teacher', rollPath(bff, YESTERDAY))
  await ready(page)
  await presses(page, '3', 'c', 'Control+Enter')
  await expect(state(page)).toContainText('に確定しました')
  await page.getByRole('link', { name: '見て直す 1件' }).click({ timeout: 60_000 }) // after some failures
  await expect(state(page)).toContainText('届きませんでした。見て直す')
  await expect(page.getByText('サーバーで処理できませんでした')).toBeVisible()
  await page.getByRole('button', { name: '入力に戻して直す' }).click()
  await expect(page.getByText('1人を入力')).toBeVisible()
  await expect(cell(page, 12)).toContainText('病欠')
  bff.mock.faults.length = 0
  await presses(page, '1', '2', 'c', 'Control+s')
  await expect.poll(() => bff.mock.cell(bff.mock.town.own.class.id, TODAY, bff.mock.town.own.members[11]!.pupil.id).revision).toBe(1)
  await expect.poll(() => stored(page, 'tsumugi', 'outbox')).toEqual([[]])
  await expect(cell(page, 12)).toContainText('遅刻')
})

test('a refused roll whose page may not be read any more can still be sent again or dropped', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'POST', status: 403 })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', 'Control+s')
  await expect(state(page)).toContainText('届きませんでした。見て直す')
  bff.mock.faults.push({ path: 'GET /api/classes/.*/roll$', status: 404 })
  await page.reload()
  const strip = page.getByRole('status').filter({ hasText: '朝の記録」がまだ届いていません' })
  await expect(strip).toContainText('サーバーで処理できませんでした')
  await strip.getByRole('button', { name: 'もう一度送る' }).click()
  await expect.poll(() => new Set(commands(bff).map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  await expect.poll(() => commands(bff).length).toBeGreaterThan(1)
  await strip.getByRole('button', { name: '控えを消す' }).click()
  await page.getByRole('button', { name: '送らずに消す' }).click()
  await expect(strip).toHaveCount(0)
  await expect(page.getByRole('link', { name: '見て直す' })).toHaveCount(0)
  expect(await stored(page, 'tsumugi', 'outbox')).toEqual([[]])
})

test('what another version of the page kept is shown on every screen, holds nothing up, and goes only when told', async ({ page, bff, open }) => {
  await open('teacher', '/today')
  await expect(page.getByRole('heading', { name: '2年1組' })).toBeVisible()
  await stranded(page, bff)
  const strip = page.getByRole('status').filter({ hasText: '「給食の記録」がまだ届いていません' })
  await expect(strip).toBeVisible()
  await expect(page.getByRole('link', { name: '見て直す 1件' })).toBeVisible()
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', 'Control+Enter')
  await expect(state(page)).toContainText('に確定しました')
  expect(commands(bff)).toHaveLength(1)
  await strip.getByRole('button', { name: '控えを消す' }).click()
  await page.getByRole('button', { name: '残しておく' }).click()
  await expect(strip).toBeVisible()
  await strip.getByRole('button', { name: '控えを消す' }).click()
  await page.getByRole('button', { name: '送らずに消す' }).click()
  await expect(strip).toHaveCount(0)
  expect(await stored(page, 'tsumugi', 'outbox')).toEqual([[]])
})

test('on a shared machine each finds only their own, and takes only their own along', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k')
  await expect(cell(page, 12)).toContainText('病欠')

  await open('substitute', rollPath(bff)) // the teacher's session ran out, nobody signed out
  await ready(page)
  await expect(cell(page, 12)).toContainText('未入力')
  await presses(page, '3', 'c')
  await expect(page.getByText('1人を入力')).toBeVisible()
  await signOut(page)

  await open('teacher', rollPath(bff))
  await expect(cell(page, 12)).toContainText('病欠')
  await expect(cell(page, 3)).toContainText('未入力')
  const kept = await page.evaluate(() => Object.values(localStorage).join())
  expect(kept).toContain('absent_sick')
  expect(kept).not.toMatch(/[^\x20-\x7e]/)
  await signOut(page)
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  expect(await stored(page, 'tsumugi-drafts', 'drafts')).toEqual([])
})

test('a roll that waits is not sent under the session of whoever signs in in another tab', async ({ page, bff, open, context }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k')
  bff.mock.sessions.delete('teacher')
  await presses(page, 'Control+s')
  const ended = page.getByRole('alertdialog')
  await expect(ended).toContainText('サインインの時間が終わりました')
  const sent = commands(bff).length

  await context.addCookies([{ name: 'mock', value: 'substitute', url: bff.url }])
  const second = await context.newPage()
  await second.goto(bff.url + rollPath(bff))
  await ready(second)
  await expect(ended).toBeHidden() // the first tab has become the substitute's too
  await ready(page)
  await expect(cell(page, 12)).toContainText('未入力')
  expect(await stored(page, 'tsumugi', 'outbox')).toMatchObject([[{ state: 'waiting' }]])
  expect(commands(bff)).toHaveLength(sent)

  bff.mock.sessions.add('teacher')
  await open('teacher', rollPath(bff))
  await expect(cell(page, 12)).toContainText('病欠')
  await expect.poll(() => stored(page, 'tsumugi', 'outbox')).toEqual([[]])
})

test('a roll that meets the cookie of somebody else stays and says so', async ({ page, bff, open, context }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await context.addCookies([{ name: 'mock', value: 'substitute', url: bff.url }])
  await presses(page, '1', '2', 'k', 'Control+s')
  const told = page.getByRole('alertdialog')
  await expect(told).toContainText('この端末ではほかの人がサインインしています')
  await expect(told.getByRole('link', { name: 'サインインする' })).toHaveAttribute('href', /again=true/)
  expect(await stored(page, 'tsumugi', 'outbox')).toMatchObject([[{ state: 'waiting' }]])
  const { own } = bff.mock.town
  expect(own.members.map(({ pupil }) => bff.mock.cell(own.class.id, TODAY, pupil.id).revision)).not.toContain(1)
})

test('a refused command on its way back to the grid survives a reload half-way', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'POST', status: 422, times: 1 })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', 'Control+s')
  await expect(state(page)).toContainText('届きませんでした。見て直す')
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype
    IDBObjectStore.prototype.put = function (...given) {
      if (this.name === 'outbox') IDBObjectStore.prototype.get = () => ({}) as IDBRequest // what was written is never heard of
      return put.apply(this, given)
    }
  })
  await page.getByRole('button', { name: '入力に戻して直す' }).click()
  await expect.poll(() => stored(page, 'tsumugi', 'outbox')).toEqual([[]])
  await page.reload()
  await expect(cell(page, 12)).toContainText('病欠')
  await expect(page.getByText('1人を入力')).toBeVisible()
})

test('a sign-out in one tab takes the other tabs of the same person along, and what they typed', async ({ page, bff, open, context }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  const second = await context.newPage()
  await second.goto(bff.url + rollPath(bff))
  await ready(second)
  await presses(second, '1', '2', 'k')
  await expect(second.getByText('1人を入力')).toBeVisible()
  await signOut(page)
  await expect(second.getByRole('heading', { name: 'サインアウトしました' })).toBeVisible()
  await nothingKept(second)
})

test('a revoked session wipes the device, also when it is noticed only later', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'POST /api', drop: true })
  for (const notice of [() => page.reload(), () => (bff.mock.faults = [])]) {
    bff.mock.revoked.clear()
    await open('teacher', rollPath(bff))
    await ready(page)
    await presses(page, '1', '2', 'k', 'Control+s')
    await expect(state(page)).toContainText('未送信 1件')
    await presses(page, '3', 'c')
    bff.mock.revoked.add('teacher')
    await notice()
    await expect(page.getByRole('heading', { name: 'サインインが取り消されました' })).toBeVisible()
    await nothingKept(page)
  }
})

test('signing out with something unsent asks first', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'POST /api', drop: true })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, 'k', 'Control+Enter')
  await expect(state(page)).toContainText('未送信 1件')
  await page.getByRole('button', { name: /わたし/ }).click()
  await page.getByRole('button', { name: 'サインアウト' }).click()
  await expect(page.getByRole('dialog')).toContainText('まだ届いていない記録が1件あります')
  await page.getByRole('button', { name: '1件を消してサインアウト' }).click()
  await expect(page.getByRole('heading', { name: 'サインアウトしました' })).toBeVisible()
})

/** The teacher's roll in a browser that the fixtures did not open. */
async function teacher(context: BrowserContext, bff: Bff): Promise<Page> {
  await context.addCookies([{ name: 'mock', value: 'teacher', url: bff.url }])
  await context.clock.setSystemTime(`${TODAY}T08:19:30+09:00`)
  const page = context.pages()[0]!
  await page.goto(bff.url + rollPath(bff))
  return page
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /わたし/ }).click()
  await page.getByRole('button', { name: 'サインアウト' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'サインアウト' }).click()
  await expect(page.getByRole('heading', { name: 'サインアウトしました' })).toBeVisible()
}

async function nothingKept(page: Page): Promise<void> {
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  expect(await stored(page, 'tsumugi-drafts', 'drafts')).toEqual([])
  expect((await stored(page, 'tsumugi', 'outbox')).flat()).toEqual([])
}
