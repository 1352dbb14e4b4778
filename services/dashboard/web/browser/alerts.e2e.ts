/** 気がかりな欠席: raised with its days, taken up, closed with what was done, withdrawn by a correction. */
import type { Page } from '@playwright/test'
import { commands, expect, schoolPath, test, type Bff } from './fixtures'
import { looks } from './looks'

const path = (bff: Bff) => `${schoolPath(bff)}/alerts`
const block = (page: Page, title: string) => page.locator('section').filter({ has: page.getByRole('heading', { name: title }) })

test('the principal takes an alert up and closes it with what was done', async ({ page, bff, open }) => {
  bff.mock.alerts.raise(12)
  await open('principal', path(bff))
  await expect(page.getByRole('status')).toHaveText('まだだれも見ていないものが1件あります')
  const open_ = block(page, '対応を続けているもの').getByRole('listitem').filter({ hasText: '12番' })
  await expect(open_).toContainText('欠席 5日')
  await expect(open_.getByRole('link', { name: '11月18日（水）' })).toHaveAttribute('href', /days\/2026-11-18\/roll/)
  await open_.getByRole('button', { name: /を見ました$/ }).click()
  await expect(page.getByRole('status')).toHaveText('まだだれも見ていないものはありません')
  await open_.getByRole('button', { name: /対応をすませる$/ }).click()
  await open_.getByRole('button', { name: '対応をすませる', exact: true }).click()
  await expect(open_.getByText('何をしたかをえらんでください')).toBeVisible()
  await open_.getByRole('radio', { name: '家庭を訪問した' }).click({ force: true })
  await open_.getByRole('button', { name: '対応をすませる', exact: true }).click()
  const closed = block(page, '対応がすんだもの').getByRole('listitem').filter({ hasText: '12番' })
  await expect(closed).toContainText('校長')
  await expect(closed.getByText('家庭を訪問した')).toBeVisible()
  expect(commands(bff).map(({ body }) => (JSON.parse(body) as { act: string; done: string | null }).done)).toEqual([null, 'visited'])
  await closed.getByRole('button', { name: /もう一度開く$/ }).click()
  await expect(block(page, '対応がすんだもの')).toHaveCount(0)
})

test('a correction withdraws it before the eyes of whoever reads', async ({ page, bff, open }) => {
  bff.mock.alerts.raise(12)
  await open('office', path(bff))
  await page.getByRole('button', { name: /を見ました$/ }).click()
  await expect(page.getByRole('status')).toHaveText('まだだれも見ていないものはありません')
  bff.mock.alerts.correct(12)
  await expect(page.getByText('いまのところ、当てはまる子はいません')).toBeVisible()
  await expect(block(page, '取り下げられたもの')).toContainText('欠席 5日だったもの')
})

test('a board has no names and no such place', async ({ page, bff, open }) => {
  await open('board', schoolPath(bff))
  await expect(page.getByRole('link', { name: '年間予定' })).toBeVisible()
  await expect(page.getByRole('link', { name: '気がかりな欠席' })).toHaveCount(0)
})

function several(bff: Bff): void {
  bff.mock.alerts.raise(12)
  bff.mock.alerts.raise(7, 'row_7', ['2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13', '2026-11-16', '2026-11-17', '2026-11-18'], false)
  bff.mock.alerts.raise(3, 'year_30', Array.from({ length: 31 }, (_, n) => `2026-${String(6 + Math.floor(n / 28)).padStart(2, '0')}-${String(1 + (n % 28)).padStart(2, '0')}`))
  bff.mock.alerts.raise(20)
  const act = (number: number, rule: string, what: string, done: string | null) =>
    bff.mock.alerts.act('principal', `/api${path(bff)}/${bff.mock.town.own.members.find((one) => one.number === number)!.pupil.id}`, { rule, first: '2026-11-16', act: what, done })
  act(7, 'row_7', 'closed', 'told_board')
  act(20, 'row_3', 'seen', null)
  bff.mock.alerts.correct(20)
}

looks([
  { name: 'alerts', role: 'principal', path, set: several, until: 'まだだれも見ていないものが2件あります' },
  { name: 'alerts-none', role: 'office', path, until: '当てはまる子はいません' },
  { name: 'alerts-error', role: 'office', path, set: ({ mock }) => void mock.faults.push({ path: '/api/schools/.*/alerts', status: 500 }), until: '読み込めません' },
  {
    name: 'alerts-closing', role: 'principal', path, set: several, until: '何をしましたか',
    act: async (page) => page.getByRole('button', { name: /対応をすませる$/ }).first().click(),
  },
])
