/** 気がかりな欠席の決まり: a draft, tried on past months, from a day on. */
import type { Page } from '@playwright/test'
import { commands, DESK, expect, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

test.use({ viewport: DESK })

const PATH = '/settings/alerts'
const tryIt = (page: Page) => page.getByRole('button', { name: '過ぎた月でためす' })
const begin = (page: Page) => page.getByRole('button', { name: 'この日から使う' })
const sent = (bff: Bff, path: string) => commands(bff).filter((one) => one.path === path).map(({ body }) => JSON.parse(body) as Record<string, unknown>)

test('a draft is tried at every school before it begins on a day, and is withdrawn before that', async ({ page, bff, open }) => {
  bff.mock.alertRules.pace = 1
  await open('board', PATH)
  await expect(begin(page), 'nothing begins that was not tried').toHaveCount(0)
  await page.getByRole('button', { name: '決まりを加える' }).click()
  const fourth = page.getByRole('group', { name: '4つめの決まり' })
  await tryIt(page).click()
  await expect(fourth.getByText('名前を書いてください')).toBeVisible()
  expect(commands(bff)).toEqual([])
  await fourth.getByLabel('名前').fill('1学期に早く気づく')
  await fourth.getByLabel('日数').selectOption('2日')
  await fourth.getByLabel('病欠も数える').uncheck()
  await page.getByRole('button', { name: '1つめの決まりを外す' }).click()
  await page.getByLabel('9月').uncheck()
  await tryIt(page).click()
  await expect(page.getByRole('heading', { name: '学校ごと' })).toBeVisible()
  expect(sent(bff, '/api/board/alert-trials')).toEqual([
    expect.objectContaining({ months: ['2026-10-01', '2026-11-01'], rules: expect.arrayContaining([{ code: null, word: '1学期に早く気づく', kind: 'row', days: 2, excused: false }]) as unknown }),
  ])
  expect(commands(bff).filter(({ path }) => path.endsWith('/step')), 'one step a school').toHaveLength(bff.mock.town.schools.length)
  await expect(page.getByRole('row', { name: /^あわせて/ })).toContainText('15人以上')
  await expect(page.getByText('校長が市に知らせる定め'), 'two days without 病欠 tell of seven, too').toHaveCount(0)
  await page.getByLabel('わけ').fill('夏休みのあとに続けて休む子が多かったため')
  await page.getByLabel('始まる日').fill('12/1')
  await page.getByRole('group', { name: '1つめの決まり' }).getByLabel('日数').selectOption('5日')
  await expect(begin(page), 'what was changed since must be tried anew').toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByText('下書きを変えたので、もう一度ためしてください')).toBeVisible()
  await page.getByRole('group', { name: '1つめの決まり' }).getByLabel('日数').selectOption('3日')
  await begin(page).click()
  await expect(page.getByRole('status').filter({ hasText: '決めました。2026年12月1日から使います。' })).toBeFocused()
  expect(bff.mock.alertRules.said[0]!.rules.map(({ days }) => days)).toEqual([3, 30, 2])
  await expect(page.getByText('まだ始まっていない')).toBeVisible()
  await expect(page.getByRole('group', { name: '3つめの決まり' }).getByLabel('名前'), 'what holds today is shown again').toHaveValue('年度で30日以上欠席')
  await page.getByRole('button', { name: '取りやめる', exact: true }).click()
  await page.getByRole('button', { name: '取りやめないでおく' }).click()
  expect(sent(bff, '/api/board/alert-rules/withdraw'), 'one click withdraws nothing').toEqual([])
  await page.getByRole('button', { name: '取りやめる', exact: true }).click()
  await page.getByRole('button', { name: '取りやめて、始めない' }).click()
  await expect(page.getByText('取りやめた', { exact: true })).toBeVisible()
})

test('what two people decide at once is decided once', async ({ page, bff, open }) => {
  await open('board', PATH)
  await page.getByRole('button', { name: '1つめの決まりを外す' }).click()
  await tryIt(page).click()
  await page.getByLabel('わけ').fill('数を減らす')
  await page.getByLabel('始まる日').fill('12/1')
  bff.mock.alertRules.said.push({ since: '2026-12-01', reason: 'ほかの人', rules: [] })
  await begin(page).click()
  await expect(page.getByText('ほかの人が先に変えました')).toBeVisible()
  expect(bff.mock.alertRules.said).toHaveLength(1)
})

test('leaving an unused draft asks first; somebody else’s trial is waited for', async ({ page, bff, open }) => {
  bff.mock.alertRules.others = true
  await open('board', PATH)
  await page.getByRole('button', { name: '1つめの決まりを外す' }).click()
  await tryIt(page).click()
  await expect(page.getByText('ほかの人がためしています。終わると続きます。')).toBeVisible()
  await page.getByRole('link', { name: '教科書', exact: true }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'この画面に残る' }).click()
  bff.mock.alertRules.others = false
  await expect(page.getByRole('heading', { name: '学校ごと' })).toBeVisible()
})

test('a step that nobody answers is sent again; a trial that stands still goes on', async ({ page, bff, open }) => {
  bff.mock.alertRules.pace = 1
  await open('board', PATH)
  await page.getByRole('button', { name: '1つめの決まりを外す' }).click()
  bff.mock.faults.push({ path: '/step', status: 503 })
  await tryIt(page).click()
  await expect(page.getByRole('progressbar')).toBeVisible()
  await expect.poll(() => sent(bff, '/api/board/alert-trials/t0/step').length).toBeGreaterThan(1)
  bff.mock.faults.length = 0
  await expect(page.getByRole('heading', { name: '学校ごと' })).toBeVisible()
  expect(sent(bff, '/api/board/alert-trials'), 'one trial').toHaveLength(1)
  await expect(page.getByText('校長が市に知らせる定め'), 'row_7 is gone').toBeVisible()
  await expect(page.getByText('きょうはあと5回ためせます')).toBeVisible()
})

test('the board comes from its day to the numbers of every school', async ({ page, bff, open }) => {
  await open('board', `/board/days/${TODAY}`)
  await page.getByRole('link', { name: '学校ごとの気がかりな欠席の数' }).click()
  await expect(page.getByRole('row')).toHaveCount(1 + bff.mock.town.schools.length)
  await expect(page.getByRole('row', { name: /^第一小学校/ })).toContainText('10〜14人')
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  expect(bff.mock.requests.filter(({ path }) => path.endsWith('/alert-counts'))).toHaveLength(2)
})

function several(bff: Bff): void {
  bff.mock.alertRules.said.push(
    { since: '2026-06-01', reason: '不登校の対応の見直しで、早く気づくため', rules: [{ code: 'row_3', word: '3日続けて欠席', kind: 'row', days: 3, excused: true } as never] },
    { since: '2026-12-01', reason: '取りやめたもの', rules: [], gone: true },
    { since: '2027-04-01', reason: '来年度から', rules: [] },
  )
}
const tried = async (page: Page) => {
  await page.getByRole('button', { name: '決まりを加える' }).click()
  const last = page.getByRole('group').filter({ has: page.getByLabel('日数') }).last()
  await last.getByLabel('名前').fill('5日続けて欠席（病欠を除く）')
  await last.getByLabel('日数').selectOption('5日')
  await tryIt(page).click()
}

looks([
  { name: 'alertcounts', role: 'board', path: () => `/board/days/${TODAY}/alerts`, until: '第一中学校' },
  { name: 'alertcounts-error', role: 'board', path: () => `/board/days/${TODAY}/alerts`, set: ({ mock }) => void mock.faults.push({ path: '/alert-counts', status: 500 }), until: '読み込めません' },
  { name: 'alertrules', role: 'board', path: () => PATH, until: 'もともとの決まり' },
  { name: 'alertrules-history', role: 'board', path: () => PATH, set: several, until: '来年度から', whole: true },
  { name: 'alertrules-tried', role: 'board', path: () => PATH, act: tried, until: 'この決まりを使う', whole: true },
  { name: 'alertrules-trying', role: 'board', path: () => PATH, set: ({ mock }) => void (mock.alertRules.others = true), act: tried, until: '終わると続きます', whole: true },
  { name: 'alertrules-error', role: 'board', path: () => PATH, set: ({ mock }) => void mock.faults.push({ path: '/api/board/alert-rules', status: 500 }), until: '読み込めません' },
])
