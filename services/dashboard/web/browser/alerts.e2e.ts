/** 気がかりな欠席: raised with its days, taken up, closed with what was done, withdrawn by a correction. */
import type { Page } from '@playwright/test'
import { commands, expect, schoolPath, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

const path = (bff: Bff) => `${schoolPath(bff)}/alerts`
const block = (page: Page, title: string) => page.locator('section').filter({ has: page.getByRole('heading', { name: title }) })

test('the principal takes an alert up and closes it with what was done', async ({ page, bff, open }) => {
  bff.mock.alerts.raise(12)
  await open('principal', path(bff))
  await expect(page.getByRole('status')).toContainText('まだだれも見ていない子が1人います')
  await expect(block(page, '見て、対応を続けている子')).toHaveCount(0)
  const fresh = block(page, 'まだだれも見ていない子').getByRole('listitem').filter({ hasText: '12番' })
  const open_ = page.getByRole('listitem').filter({ hasText: '12番' })
  await expect(fresh).toBeVisible()
  await expect(open_).toContainText('欠席 5日')
  await expect(open_.getByRole('link', { name: '11月18日（水）' })).toHaveAttribute('href', /days\/2026-11-18\/roll/)
  await open_.getByRole('button', { name: /を見ました$/ }).click()
  await expect(page.getByRole('status')).toContainText('まだだれも見ていない子はいません')
  await expect(block(page, 'まだだれも見ていない子')).toHaveCount(0)
  await expect(block(page, '見て、対応を続けている子')).toContainText('1人')
  await open_.getByRole('button', { name: /対応をすませる$/ }).click()
  await open_.getByRole('button', { name: '対応をすませる', exact: true }).click()
  await expect(open_.getByText('何をしたかをえらんでください')).toBeVisible()
  await open_.getByRole('radio', { name: '家庭を訪問した' }).click({ force: true })
  await open_.getByRole('button', { name: '対応をすませる', exact: true }).click()
  const closed = block(page, '対応がすんだ子').getByRole('listitem').filter({ hasText: '12番' })
  await expect(closed).toContainText('校長')
  await expect(closed.getByText('家庭を訪問した')).toBeVisible()
  expect(commands(bff).map(({ body }) => (JSON.parse(body) as { act: string; done: string | null }).done)).toEqual([null, 'visited'])
  await closed.getByRole('button', { name: /もう一度開く$/ }).click()
  await expect(block(page, '対応がすんだ子')).toHaveCount(0)
})

test('a child of two rules is one line with both reasons, and one answer is enough', async ({ page, bff, open }) => {
  bff.mock.alerts.raise(12)
  bff.mock.alerts.raise(12, 'row_7', ['2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13', '2026-11-16', '2026-11-17', '2026-11-18'])
  bff.mock.alerts.raise(20)
  await open('principal', path(bff))
  await expect(page.getByRole('status')).toContainText('まだだれも見ていない子が2人います')
  const those = block(page, 'まだだれも見ていない子')
  await expect(those).toContainText('2人')
  await expect(those.getByText(/番$/)).toHaveCount(2)
  const child = those.getByRole('listitem').filter({ hasText: '12番' })
  await expect(child).toContainText('3日続けて欠席欠席 5日')
  await expect(child).toContainText('理由の分からない欠席が7日続く（施行令20条）欠席 7日')
  await child.getByRole('button', { name: /を見ました$/ }).click()
  const taken = block(page, '見て、対応を続けている子').getByRole('listitem').filter({ hasText: '12番' })
  await expect(taken.getByText('見ました')).toHaveCount(1)
  await expect(page.getByRole('status')).toContainText('まだだれも見ていない子が1人います')
  expect(commands(bff).map(({ body }) => (JSON.parse(body) as { rule: string }).rule)).toEqual(['row_3', 'row_7'])
})

test('a correction withdraws it before the eyes of whoever reads', async ({ page, bff, open }) => {
  bff.mock.alerts.raise(12)
  await open('office', path(bff))
  await page.getByRole('button', { name: /を見ました$/ }).click()
  await expect(page.getByRole('status')).toContainText('まだだれも見ていない子はいません')
  bff.mock.alerts.correct(12)
  await expect(page.getByText('いまのところ、当てはまる子はいません')).toBeVisible()
  await expect(block(page, '取り下げられたもの')).toContainText('欠席 5日だったもの')
})

test('a board has no names and no such place', async ({ page, bff, open }) => {
  await open('board', schoolPath(bff))
  await expect(page.getByRole('link', { name: '年間予定' })).toBeVisible()
  await expect(page.getByRole('link', { name: '気がかりな欠席' })).toHaveCount(0)
})

const classPath = (bff: Bff) => `/classes/${bff.mock.town.own.class.id}/days/${TODAY}/alerts`

test('a teacher comes from today to the own class, and says what was done', async ({ page, bff, open }) => {
  bff.mock.alerts.raise(12)
  await open('teacher', '/today')
  await page.getByRole('link', { name: `${bff.mock.town.own.class.name}の気がかりな欠席` }).click()
  await expect(page).toHaveURL(new RegExp(`${classPath(bff)}$`))
  await expect(page.getByRole('navigation', { name: 'この学校の画面' })).toHaveCount(0)
  await page.getByRole('button', { name: /を見ました$/ }).click()
  await expect(page.getByRole('status')).toContainText('まだだれも見ていない子はいません')
  expect(commands(bff).map(({ path: to }) => to.startsWith(`/api${classPath(bff)}/`))).toEqual([true])
})

test('whoever stands in for a day has no such link', async ({ page, open }) => {
  await open('substitute', '/today')
  await expect(page.getByRole('link', { name: /の名簿$/ })).toBeVisible()
  await expect(page.getByRole('link', { name: /の気がかりな欠席$/ })).toHaveCount(0)
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
  { name: 'alerts', role: 'principal', path, set: several, until: 'まだだれも見ていない子が2人います' },
  { name: 'alerts-class', role: 'teacher', path: classPath, set: several, until: 'まだだれも見ていない子が2人います' },
  { name: 'alerts-none', role: 'office', path, until: '当てはまる子はいません' },
  { name: 'alerts-error', role: 'office', path, set: ({ mock }) => void mock.faults.push({ path: '/api/schools/.*/alerts', status: 500 }), until: '読み込めません' },
  {
    name: 'alerts-closing', role: 'principal', path, set: several, until: '何をしましたか',
    act: async (page) => page.getByRole('button', { name: /対応をすませる$/ }).first().click(),
  },
])
