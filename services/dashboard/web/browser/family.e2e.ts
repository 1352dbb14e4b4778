/** A guardian's telephone: telling, changing, withdrawing with taps counted; without a network; every state looked at. */
import type { Page } from '@playwright/test'
import { commands, expect, PHONE, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

const HOME = () => '/family'
const TELL = () => '/family/tell'

/** One finger, counted. */
function finger(page: Page) {
  let taps = 0
  return {
    tap: async (name: string, role: 'link' | 'button' | 'radio' | 'checkbox' = 'button') => {
      taps += 1
      const target = page.getByRole(role, { name, exact: true })
      if (role === 'radio' || role === 'checkbox') await target.check()
      else await target.click()
    },
    get taps() {
      return taps
    },
  }
}

const told = (bff: Bff) => bff.mock.family.children[0]!.notices
const bodies = (bff: Bff) => commands(bff).map(({ path, body }) => ({ path, body: JSON.parse(body) as Record<string, unknown> }))

test.beforeEach(async ({ page }) => {
  await page.setViewportSize(PHONE)
})

test('a child is ill: three taps, and the receipt stands', async ({ page, bff, open }) => {
  await open('guardian', '/')
  await expect(page).toHaveURL(/\/family$/)
  const one = finger(page)
  await one.tap('欠席・遅刻を連絡する', 'link')
  await one.tap('休む（病気・けが）', 'radio')
  await one.tap('学校に送る')
  await expect(page.getByText('学校に届きました')).toBeVisible()
  expect(one.taps).toBeLessThanOrEqual(4)
  expect(one.taps).toBe(3)
  expect(bodies(bff)).toEqual([
    { path: '/api/messaging/v1/family/notices', body: { kind: 'absent', reason: 'sick', since: TODAY, until: '2026-11-21', words: null, pupils: [bff.mock.family.children[0]!.pupil.id] } },
  ])
  bff.mock.family.confirm(told(bff)[0]!)
  await expect(page.getByText('担任が確認しました')).toBeVisible({ timeout: 20_000 })
})

test('two children at two schools, tomorrow and the day after, with a word', async ({ page, bff, open }) => {
  bff.mock.family.children.push(bff.mock.family.other)
  await open('guardian', '/family/tell')
  const one = finger(page)
  const names = bff.mock.family.children.map(({ pupil }) => `${pupil.given}さん`)
  await one.tap('学校に送る')
  await expect(page.getByRole('alert')).toContainText('どのお子さんの連絡か、えらんでください')
  for (const name of names) await page.getByRole('checkbox', { name }).first().check()
  await one.tap('ほかの日', 'radio')
  await page.getByLabel('はじめの日').fill('2026-11-24')
  await page.getByLabel('おわりの日').fill('2026-11-25')
  await one.tap('休む（忌引：お葬式など）', 'radio')
  await page.getByLabel(/学校につたえたいこと/).fill('祖母の葬儀です')
  await one.tap('学校に送る')
  await expect(page.getByText('11月24日（火）から11月25日（水）まで')).toHaveCount(2)
  await expect.poll(() => bodies(bff)).toHaveLength(1)
  const [sent] = bodies(bff)
  expect(sent?.body).toMatchObject({ kind: 'bereavement', reason: null, since: '2026-11-24', until: '2026-11-26', words: '祖母の葬儀です' })
  expect((sent?.body['pupils'] as string[]).length).toBe(2)
})

test('changing is three taps, withdrawing two', async ({ page, bff, open }) => {
  told(bff).push(bff.mock.family.notice())
  await open('guardian', '/family')
  const one = finger(page)
  await one.tap('変える', 'link')
  await one.tap('おくれる', 'radio')
  await one.tap('変えて送る')
  await expect(page).toHaveURL(/\/family$/)
  await expect(page.getByText('おくれる')).toBeVisible()
  expect(one.taps).toBeLessThanOrEqual(3)
  await expect.poll(() => told(bff)[0]).toMatchObject({ kind: 'late', revision: 2 })
  const two = finger(page)
  await two.tap('取り消す')
  await two.tap('連絡を取り消す')
  await expect(page.getByText('取り消しました')).toBeVisible()
  expect(two.taps).toBeLessThanOrEqual(3)
  await expect.poll(() => told(bff)[0]).toMatchObject({ withdrawn: true, revision: 3 })
})

test('without a network it waits in large letters, survives a reload of the data, and is sent once', async ({ page, bff, open }) => {
  await open('guardian', '/family/tell')
  await expect(page.getByRole('radio', { name: 'おくれる' })).toBeAttached()
  bff.mock.faults.push({ path: 'POST /api/messaging', drop: true })
  await page.getByRole('radio', { name: 'おくれる' }).check()
  await page.getByRole('button', { name: '学校に送る' }).click()
  await expect(page.getByText('まだ届いていません')).toBeVisible()
  await page.reload()
  await expect(page.getByText('まだ届いていません')).toBeVisible()
  bff.mock.faults.length = 0
  await expect(page.getByText('学校に届きました')).toBeVisible({ timeout: 20_000 })
  await expect(page.getByText('まだ届いていません')).toHaveCount(0)
  expect(told(bff)).toHaveLength(1)
  const keys = new Set(commands(bff).map(({ headers }) => headers['idempotency-key']))
  expect(keys.size).toBe(1)
})

test('the shell stays on the device: without a network the page says so itself', async ({ page, bff, open }) => {
  await open('guardian', '/family')
  await expect(page.getByRole('link', { name: '欠席・遅刻を連絡する' })).toBeVisible()
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }))
  })
  await page.reload() // its files go through the worker now
  await expect(page.getByRole('link', { name: '欠席・遅刻を連絡する' })).toBeVisible()
  await page.context().setOffline(true)
  await page.goto(`${bff.url}/family`)
  await expect(page.getByText('つながっていません').first()).toBeVisible()
  const kept = await page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat())
  expect(kept.filter((path) => path !== '/' && !path.startsWith('/assets/'))).toEqual([])
})

test('it can be installed: a manifest with a way straight to the form', async ({ page, bff, open }) => {
  await open('guardian', '/family')
  const manifest = (await (await page.request.get(`${bff.url}/manifest.webmanifest`)).json()) as { start_url: string; display: string; shortcuts: { url: string }[] }
  expect([manifest.start_url, manifest.display, manifest.shortcuts[0]?.url]).toEqual(['/', 'standalone', '/family/tell'])
  await expect(page.getByRole('button', { name: 'ホーム画面に置く' })).toHaveCount(0) // nothing was received yet
})

test('a refusal says why and keeps what was told', async ({ page, bff, open }) => {
  await open('guardian', '/family/tell')
  const body = { type: 'https://tsumugi.example/problems/notice-refused', title: '保存していません', status: 422, detail: '', errors: [{ field: 'since', message: 'この期間に、お子さんが在籍していない日があります。' }] }
  bff.mock.faults.push({ path: 'POST /api/messaging', status: 422, body, times: 1 })
  await page.getByRole('radio', { name: 'おくれる' }).check()
  await page.getByRole('button', { name: '学校に送る' }).click()
  await expect(page.getByText('届きませんでした')).toBeVisible()
  await expect(page.getByText('この期間に、お子さんが在籍していない日があります。')).toBeVisible()
  await page.getByRole('button', { name: '消す' }).click()
  await expect(page.getByText('届きませんでした')).toHaveCount(0)
})

test('the keyboard alone does it', async ({ page, bff, open }) => {
  await open('guardian', '/family/tell')
  await expect(page.getByRole('radio', { name: 'きょう' })).toBeAttached()
  await page.getByRole('radio', { name: '休む（病気・けが）' }).focus()
  await page.keyboard.press('Space')
  await page.getByLabel(/学校につたえたいこと/).focus()
  await page.keyboard.type('熱があります')
  await page.keyboard.press('Enter')
  await page.keyboard.type('午後に病院へ行きます')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByText('学校に届きました')).toBeVisible()
  expect(told(bff).map(({ words }) => words)).toEqual(['熱があります 午後に病院へ行きます'])
})

test('what is written is all in sight on a telephone', async ({ page, open }) => {
  await page.setViewportSize(PHONE)
  await open('guardian', '/family/tell')
  const words = page.getByLabel(/学校につたえたいこと/)
  const height = async () => (await words.boundingBox())!.height
  const before = await height()
  await words.fill('きのうの夜から38度の熱があります。'.repeat(8))
  await expect.poll(height).toBeGreaterThan(before * 2)
  expect(await words.evaluate((area) => area.scrollHeight - area.clientHeight)).toBe(0)
  await words.fill('')
  await expect.poll(height).toBe(before)
})

test('a page left open after its sign-in has run out asks for nothing any more', async ({ page, bff, open }) => {
  await page.clock.install({ time: `${TODAY}T08:19:30+09:00` })
  told(bff).push(bff.mock.family.notice())
  await open('guardian', '/family')
  await expect(page.getByText('担任の確認はまだです')).toBeVisible()
  await page.context().clearCookies()
  const asked = () => bff.mock.requests.length
  const before = asked()
  await expect(async () => {
    await page.clock.runFor(8_000)
    expect(asked()).toBeGreaterThan(before)
  }).toPass()
  await page.clock.runFor(2_000)
  const learnt = asked()
  for (let minute = 0; minute < 10; minute += 1) await page.clock.runFor(60_000)
  expect(asked()).toBe(learnt)
  await expect(page.getByText('担任の確認はまだです')).toBeVisible()
  // Signed in again, here or in another tab: the page goes on by itself.
  await page.context().addCookies([{ name: 'mock', value: 'guardian', url: bff.url }])
  bff.mock.family.confirm(told(bff)[0]!)
  await page.evaluate(() => dispatchEvent(new Event('visibilitychange')))
  await expect(async () => {
    await page.clock.runFor(8_000)
    await expect(page.getByText('担任が確認しました')).toBeVisible({ timeout: 300 })
  }).toPass()
})

const sick = (bff: Bff) => void told(bff).push(bff.mock.family.notice({ words: '昨夜から38度の熱があります' }))

looks([
  { name: 'family', role: 'guardian', path: HOME, until: 'きょうからあとの連絡はありません' },
  {
    name: 'family-told',
    role: 'guardian',
    path: HOME,
    set: (bff) => {
      sick(bff)
      bff.mock.family.children.push(bff.mock.family.other)
      bff.mock.family.other.notices.push(bff.mock.family.notice({ own: false, may_change: false, relation_word: '父', kind: 'early_leave', reason: null }))
    },
    until: '担任の確認はまだです',
  },
  {
    name: 'family-seen',
    role: 'guardian',
    path: HOME,
    set: (bff) => {
      sick(bff)
      const [notice] = told(bff)
      bff.mock.family.confirm(notice!)
      notice!.replies.push({ words: 'わかりました。お大事にしてください。', at: `${TODAY}T08:25:00+09:00`, by: { id: 'x', family: '佐藤', given: '恵' } })
    },
    until: '担任が確認しました',
  },
  { name: 'family-late', role: 'guardian', path: HOME, set: (bff) => void told(bff).push(bff.mock.family.notice({ late: true })), until: '受付のめやす' },
  { name: 'family-withdrawn', role: 'guardian', path: HOME, set: (bff) => void told(bff).push(bff.mock.family.notice({ withdrawn: true })), until: '取り消しました' },
  { name: 'family-withdrawing', role: 'guardian', path: HOME, set: sick, act: (page) => page.getByRole('button', { name: '取り消す' }).click(), until: '取り消したことも学校に届きます' },
  {
    name: 'family-unsent',
    role: 'guardian',
    path: TELL,
    set: (bff) => void bff.mock.faults.push({ path: 'POST /api/messaging', drop: true }),
    act: async (page) => {
      await page.getByRole('radio', { name: 'おくれる' }).check()
      await page.getByRole('button', { name: '学校に送る' }).click()
    },
    until: 'まだ届いていません',
  },
  { name: 'family-reader', role: 'guardian', path: HOME, set: (bff) => void (bff.mock.family.children[0]!.may_tell = false), until: 'ほかの保護者の方です' },
  { name: 'family-none', role: 'guardian', path: HOME, set: (bff) => void (bff.mock.family.gone = true), until: '連絡できるお子さんがいません' },
  { name: 'family-error', role: 'guardian', path: HOME, set: (bff) => void bff.mock.faults.push({ path: 'GET /api/messaging', status: 500 }), until: '読み込めません' },
  { name: 'tell', role: 'guardian', path: TELL, until: 'どうしますか', whole: true },
  {
    name: 'tell-filled',
    role: 'guardian',
    path: TELL,
    set: (bff) => void bff.mock.family.children.push(bff.mock.family.other),
    act: async (page) => {
      await page.getByRole('radio', { name: 'ほかの日' }).check()
      await page.getByRole('radio', { name: 'そのほか' }).check()
      await page.getByRole('button', { name: '学校に送る' }).click()
    },
    until: 'つたえたいことを書いてください',
    whole: true,
  },
])
