import type { Page } from '@playwright/test'
import { DESK, expect, test } from './fixtures'
import { looks } from './looks'

test.use({ viewport: DESK })

const AT = '/settings/attendance'
const save = (page: Page) => page.getByRole('button', { name: 'この日から使う' })
const choose = (page: Page, name: string) => page.getByText(name, { exact: true }).click()

test('a symbol is added from a day on, told in words, and taken back before it begins', async ({ page, bff, open }) => {
  await open('board', AT)
  await expect(page.getByLabel('2行目の言葉')).toHaveValue('病欠')
  await expect(page.getByLabel('2行目の数え方'), 'what days are recorded with keeps its meaning').toHaveCount(0)
  await page.getByRole('button', { name: '行を加える' }).click()
  await page.getByLabel('9行目の言葉').fill('登校を要しない日')
  await page.getByLabel('9行目の印').fill('要')
  await page.getByLabel('9行目の打つキー').fill('1')
  await expect(page.getByLabel('始まる日')).toHaveValue('2026/11/21')
  await save(page).click()
  await expect(page.getByText('9行目の打つキー A〜Zのどれか1文字').first()).toBeVisible()
  expect(bff.mock.attendance.said.symbols).toHaveLength(0)
  await page.getByLabel('9行目の打つキー').fill('Y')
  await page.getByLabel('始まる日').fill('2026/12/1')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText('2026年12月1日から（まだ始まっていない）')).toBeVisible()
  await expect(page.getByText('加えた：登校を要しない日')).toBeVisible()
  await expect(page.getByLabel('9行目の言葉'), 'what holds today is shown again').toHaveCount(0)
  expect(bff.mock.attendance.said.symbols).toMatchObject([{ since: '2026-12-01', rows: { 8: { word: '登校を要しない日' } } }])
  await page.getByRole('button', { name: '取りやめる' }).click()
  await expect(page.getByText('2026年12月1日から')).toHaveCount(0)
})

test('days of 忌引 are written as people write them; the other lists stay as they are', async ({ page, bff, open }) => {
  await open('board', AT)
  await choose(page, '忌引の日数')
  await page.getByLabel('1行目の日数').fill('五')
  await expect(page.getByText('3 や 3日 のように')).toBeVisible()
  await page.getByLabel('1行目の日数').fill('５日')
  await choose(page, '休みの日も数える')
  await page.getByLabel('始まる日').fill('2026/4/1')
  await save(page).click()
  await expect(page.getByText('2026年4月1日から（いま使っている）')).toBeVisible()
  await expect(page.getByLabel('1行目の日数')).toHaveValue('5')
  const [kept] = bff.mock.attendance.said.bereavement
  expect([kept!.holidays, kept!.rows[0]!.days, kept!.rows[1]!.days]).toEqual([true, 5, 3])
  expect(bff.mock.attendance.said.symbols).toHaveLength(0)
})

test('lines are moved and taken away; leaving asks first', async ({ page, bff, open }) => {
  await open('board', AT)
  await choose(page, '出席扱い・別室')
  await page.getByRole('button', { name: '3行目を上へ' }).click()
  await page.getByRole('button', { name: '3行目を消す' }).click()
  await expect(page.getByLabel('2行目の言葉')).toHaveValue('保健室')
  await page.getByRole('link', { name: '教科書', exact: true }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'この画面に残る' }).click()
  await page.getByRole('button', { name: 'いまの決まりに戻す' }).click()
  await expect(page.getByLabel('3行目の言葉')).toHaveValue('保健室')
  expect(bff.mock.attendance.said.beside).toHaveLength(0)
})

test('who keeps no roster finds nothing', async ({ page, open }) => {
  await open('office', AT)
  await expect(page.getByText('このページは見られません')).toBeVisible()
})

const added = async (page: Page) => {
  await page.getByRole('button', { name: '行を加える' }).click()
  await page.getByLabel('9行目の打つキー').fill('1')
  await save(page).click()
  await page.getByText('9行目の言葉 書いてください').first().waitFor()
}

looks([
  { name: 'attendance-lists', role: 'board', path: () => AT, until: '病気欠席', whole: true },
  { name: 'attendance-lists-wrong', role: 'board', path: () => AT, until: '書いてください', whole: true, act: added },
  { name: 'attendance-lists-beside', role: 'board', path: () => AT, until: '別室（出席）', whole: true, act: (page) => choose(page, '出席扱い・別室') },
  { name: 'attendance-lists-kin', role: 'board', path: () => AT, until: '休みの日も数える', whole: true, act: (page) => choose(page, '忌引の日数') },
  { name: 'attendance-lists-error', role: 'board', path: () => AT, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', status: 503 }), until: 'もう一度読み込む' },
])
