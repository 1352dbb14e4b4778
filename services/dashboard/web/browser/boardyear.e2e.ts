import type { Page } from '@playwright/test'
import type { School } from '../src/api/types'
import { DESK, expect, test, type Bff } from './fixtures'
import { looks } from './looks'

test.use({ viewport: DESK })

const PATH = '/settings/calendar/2026'
const lines = (page: Page) => page.getByRole('textbox', { name: '市の年間予定（1行に1つ）' })
const save = (page: Page) => page.getByRole('button', { name: /^保存する/ })
const look = (page: Page) => page.getByRole('button', { name: '変わることを確かめる' })
const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByRole('checkbox', { name, exact: true }) })
const schools = ({ mock }: Bff) => mock.town.schools.map(({ school }) => school) as [School, School, School]

test('the plan is saved, looked at by kind and applied; a school that changed meanwhile keeps its year', async ({ page, bff, open }) => {
  const [first, second, junior] = schools(bff)
  await open('board', '/board')
  await page.getByRole('link', { name: '市の設定' }).click()
  await expect(page.getByRole('heading', { name: '市の年間予定' })).toBeVisible()
  await lines(page).fill(`${await lines(page).inputValue()}\n11/24〜11/25\t休業日\t秋休み`)
  await expect(page.getByText('まだ保存していません')).toBeVisible()
  await page.getByRole('button', { name: '小学校', exact: true }).click()
  await expect(look(page), 'what is looked at is what is saved').toHaveAttribute('aria-disabled', 'true')
  await lines(page).press('Control+Enter')
  await expect.poll(() => bff.mock.boardYear.rows.at(-1)).toEqual(['11/24〜11/25', '休業日', '秋休み'])
  await expect(page.getByText('まだ保存していません')).toHaveCount(0)
  await page.getByRole('button', { name: '小学校', exact: true }).click()
  await expect(page.getByRole('checkbox', { name: first.name, exact: true })).toBeChecked()
  await expect(page.getByRole('checkbox', { name: junior.name, exact: true })).not.toBeChecked()
  await look(page).click()
  await expect(row(page, first.name)).toContainText('1年 202日 → 200日')
  await expect(row(page, first.name)).toContainText('6行目は、この学校にない学年の行')
  await expect(row(page, first.name)).toContainText('もう朝の記録が確定')
  await expect(row(page, second.name)).toContainText('のべ24学級')
  await expect(row(page, junior.name)).not.toContainText('日 →')
  bff.mock.boardYear.revisions.set(second.id, 7)
  await page.getByRole('button', { name: /校の年間予定をこうする$/ }).click()
  await expect(row(page, first.name)).toContainText('あてました')
  await expect(row(page, first.name)).toContainText('計画どおり')
  await expect(row(page, second.name)).toContainText('学校の年間予定が変わりました')
  await expect(row(page, second.name)).toContainText('まだあてていない')
  await look(page).click()
  await expect(row(page, first.name)).toContainText('変わることはありません')
  await page.getByRole('button', { name: /校の年間予定をこうする$/ }).click()
  await expect(row(page, second.name)).toContainText('計画どおり')
  await row(page, second.name).getByRole('link', { name: `${second.name}の年間予定を開く` }).click()
  await expect(page).toHaveURL(new RegExp(`/schools/${second.id}/days/2026-11-20/year$`))
})

test('a cell that cannot be read is named and nothing is saved; leaving asks first', async ({ page, bff, open }) => {
  await open('board', PATH)
  const before = bff.mock.boardYear.rows
  await lines(page).fill('十二月\t行事\t書写展')
  await save(page).click()
  await expect(page.getByText('1行目の日付 「十二月」は日付として読めません')).toBeVisible()
  expect(bff.mock.boardYear.rows).toEqual(before)
  await page.getByRole('link', { name: '令和9年度' }).click()
  const ask = page.getByRole('alertdialog')
  await expect(ask).toContainText('まだ保存していません')
  await ask.getByRole('button', { name: 'この画面に残る' }).click()
  await expect(lines(page)).toHaveValue('十二月\t行事\t書写展')
  await page.getByRole('button', { name: '保存してある計画に戻す' }).click()
  await expect(lines(page)).toHaveValue(/夏休み/)
})

test('a plan that a colleague has saved meanwhile is not overwritten', async ({ page, bff, open }) => {
  await open('board', PATH)
  await lines(page).fill('11/24\t休業日\t秋休み')
  bff.mock.boardYear.revision = 9
  await save(page).click()
  await expect(page.getByText('ほかの人が先に変えました')).toBeVisible()
  await expect(lines(page)).toHaveValue('11/24\t休業日\t秋休み')
  expect(bff.mock.boardYear.rows.length).toBe(6)
})

test('where nobody answers, what is done is done and the rest can be asked once more', async ({ page, bff, open }) => {
  const [first, second] = schools(bff)
  await open('board', PATH)
  await page.getByRole('button', { name: '小学校', exact: true }).click()
  await look(page).click()
  await expect(row(page, second.name)).toContainText('のべ24学級')
  bff.mock.faults.push({ path: 'POST /api/registry/v1/boards/', drop: true })
  await page.getByRole('button', { name: /校の年間予定をこうする$/ }).click()
  await expect(page.getByText('つながっていません。まだ保存していません。')).toBeVisible()
  bff.mock.faults.length = 0
  await page.getByRole('button', { name: /校の年間予定をこうする$/ }).click()
  for (const { name } of [first, second]) await expect(row(page, name)).toContainText('計画どおり')
  await expect(page.getByText('つながっていません。まだ保存していません。')).toHaveCount(0)
})

test('who keeps no roster finds neither the place nor the page', async ({ page, open }) => {
  await open('office', PATH)
  await expect(page.getByText('このページは見られません')).toBeVisible()
  await expect(page.getByRole('link', { name: '市の設定' })).toHaveCount(0)
})

test('on paper: the plan and the schools, nothing that is only for the screen', async ({ page, open }) => {
  await open('board', PATH)
  await expect(page.getByRole('heading', { name: '学校にあてる' })).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(lines(page)).toBeHidden()
  await expect(page.getByRole('row', { name: /^7\/21〜8\/31 休業日 夏休み/ })).toBeVisible()
  await expect(look(page)).toBeHidden()
  const paper = await page.pdf({ preferCSSPageSize: true })
  expect(paper.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1)
})

looks([
  { name: 'boardyear', role: 'board', path: () => PATH, until: '学校にあてる', whole: true },
  {
    name: 'boardyear-looked', role: 'board', path: () => PATH, until: /年間予定をこうする/, whole: true,
    act: async (page) => {
      await page.getByRole('button', { name: 'すべて', exact: true }).click()
      await look(page).click()
    },
  },
  {
    name: 'boardyear-applied', role: 'board', path: () => PATH, until: /年間予定を変えました/, whole: true,
    act: async (page) => {
      await page.getByRole('button', { name: '中学校', exact: true }).click()
      await look(page).click()
      await page.getByRole('button', { name: /年間予定をこうする/ }).click()
    },
  },
  { name: 'boardyear-none', role: 'board', path: () => PATH, set: ({ mock }) => void (mock.boardYear.rows = []), until: 'まだありません' },
  { name: 'boardyear-empty', role: 'board', path: () => PATH, set: ({ mock }) => void (mock.empty = true), until: '学校がありません' },
  { name: 'boardyear-error', role: 'board', path: () => PATH, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', status: 503 }), until: 'もう一度読み込む' },
  { name: 'boardyear-offline', role: 'board', path: () => PATH, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', drop: true }), until: 'つながっていません' },
  { name: 'boardyear-loading', role: 'board', path: () => PATH, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', hold: true }), until: '令和8年度' },
])
