import { DESK, expect, PHONE, takeAll, test, TODAY, type Bff } from './fixtures'
import type { Page } from '@playwright/test'
import { looks, type Look } from './looks'

test.use({ viewport: DESK })

const ownClass = (bff: Bff) => bff.mock.town.own.class.id
const sheetPath = (bff: Bff, sheet = '2026-11') => `/classes/${ownClass(bff)}/lessons/${sheet}`
const SUBJECTS = ['japanese', 'social', 'maths', 'science', 'music', null]

/** October has one lesson, November twelve: 5番 is 出席停止 today, 8番 and 12番 miss some. */
const some = (bff: Bff) => {
  const { lessons, town } = bff.mock
  lessons.periods = 6
  takeAll(bff, town.own, { 5: 'suspended' })
  lessons.take(town.own, '2026-10-30', 1, { 12: 'away' }, 'maths')
  SUBJECTS.forEach((subject, n) => lessons.take(town.own, '2026-11-19', n + 1, { 12: 'away', 20: 'late' }, subject))
  SUBJECTS.forEach((subject, n) => lessons.take(town.own, TODAY, n + 1, { 5: 'away', 8: n === 2 ? 'away' : 'here', 20: n === 5 ? 'left' : 'here' }, subject))
}

const closed = (bff: Bff) => {
  some(bff)
  const { lessons, town } = bff.mock
  lessons.closed = true
  const by = { id: 'tanaka', family: '田中', given: '誠' }
  lessons.corrections = [{ pupil: town.own.members[11]!.pupil, on: '2026-11-19', period: 2, before: null, after: '欠課', reason: 'ほか', reason_text: '入れ忘れ', by, at: '2026-11-20T16:10:00+09:00' }]
}

/** A child's row, as it reads. */
const row = (page: Page, number: number) => page.getByRole('row', { name: new RegExp(`^${number} `) }).getByRole('cell')

test('from the day by lessons to the month, and what a child missed', async ({ page, bff, open }) => {
  some(bff)
  await open('teacher', `/classes/${ownClass(bff)}/days/${TODAY}/lessons`)
  await page.getByRole('link', { name: '欠課時数' }).click()
  await expect(page).toHaveURL(new RegExp(`${sheetPath(bff)}$`))
  await expect(page.getByRole('columnheader', { name: '教科なし' })).toBeVisible()
  // 番号, six subjects, 授業時数, 出停・忌引等, 欠課, 出席, 遅れて, 途中まで, 欠課累計.
  await expect(row(page, 12)).toHaveText(['12', '1', '1', '1', '1', '1', '1', '12', '0', '6', '6', '0', '0', '7'])
  await expect(row(page, 5)).toHaveText(['5', '0', '0', '0', '0', '0', '0', '12', '6', '0', '6', '0', '0', '0'])
  await expect(row(page, 20)).toHaveText(['20', '0', '0', '0', '0', '0', '0', '12', '0', '0', '12', '6', '1', '0'])
  await expect(page.getByRole('link', { name: '印刷する', exact: true })).toHaveAttribute('href', /\/lessons\/months\/2026-11\/pdf$/)
  await expect(page.getByRole('link', { name: 'Excelで受け取る' })).toHaveAttribute('href', /\/lessons\/months\/2026-11\/xlsx$/)
})

test('the 出席簿 leads to the same month, where lessons were taken', async ({ page, bff, open }) => {
  await open('teacher', `/classes/${ownClass(bff)}/register/2026-10`)
  await expect(page.getByRole('region', { name: '出席簿の表' })).toBeVisible()
  await expect(page.getByRole('link', { name: '欠課時数' })).toHaveCount(0)
  some(bff)
  await page.reload()
  await page.getByRole('link', { name: '欠課時数' }).click()
  await expect(page).toHaveURL(new RegExp(`${sheetPath(bff, '2026-10')}$`))
  await page.locator('h1 ~ a', { hasText: '出席簿' }).click()
  await expect(page).toHaveURL(new RegExp(`/classes/${ownClass(bff)}/register/2026-10$`))
})

test('months turn by keys, and the year adds them up', async ({ page, bff, open }) => {
  some(bff)
  await open('teacher', sheetPath(bff))
  await expect(page.getByRole('rowheader', { name: '授業時数' })).toBeVisible()
  await page.keyboard.press('ArrowLeft')
  await expect(page).toHaveURL(new RegExp(`${sheetPath(bff, '2026-10')}$`))
  await expect(row(page, 12)).toHaveText(['12', '1', '1', '0', '1', '0', '0', '0', '1'])
  await page.getByRole('link', { name: '年間' }).click()
  await expect(row(page, 12)).toHaveText(['12', '1', '1', '2', '1', '1', '1', '13', '0', '7', '6', '0', '0'])
  await page.getByRole('link', { name: '9月' }).click()
  await expect(page.getByText('確定した時限がありません')).toBeVisible()
  await expect(page.getByRole('link', { name: '印刷する' })).toHaveCount(0)
})

test('what was said after the month was closed leads to its day', async ({ page, bff, open }) => {
  closed(bff)
  await open('office', sheetPath(bff))
  const told = page.getByRole('region', { name: '締めたあとの訂正' }).or(page.locator('section', { hasText: '締めたあとの訂正' })).first()
  await expect(told).toContainText('「未入力」 → 「欠課」')
  await page.getByRole('link', { name: /2時限/ }).click()
  await expect(page).toHaveURL(/days\/2026-11-19\/lessons$/)
})

test('who may not read the sheet is not led to it', async ({ page, bff, open }) => {
  some(bff)
  await open('substitute', `/classes/${ownClass(bff)}/days/${TODAY}/lessons`)
  await expect(page.getByRole('table')).toBeVisible()
  await expect(page.getByRole('link', { name: '欠課時数' })).toHaveCount(0)
  await page.goto(bff.url + sheetPath(bff))
  await expect(page.getByRole('heading', { name: 'このページは見られません' })).toBeVisible()
})

test('a phone has the names in sight while the sheet moves', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  some(bff)
  await open('teacher', sheetPath(bff))
  const name = page.getByRole('row', { name: /^12 / }).getByRole('rowheader')
  const before = await name.boundingBox()
  await page.getByRole('region', { name: '欠課時数の表' }).evaluate((one) => void (one.scrollLeft = 200))
  expect((await name.boundingBox())?.x).toBe(before?.x)
})

const LOOKS: Look[] = [
  { name: 'hours-month', role: 'teacher', path: (bff) => sheetPath(bff), set: some, until: '授業時数 12時間' },
  { name: 'hours-year', role: 'principal', path: (bff) => sheetPath(bff, 'year'), set: some, until: '授業時数 13時間' },
  { name: 'hours-closed', role: 'teacher', path: (bff) => sheetPath(bff), set: closed, until: '点検待ち', whole: true },
  { name: 'hours-nothing', role: 'teacher', path: (bff) => sheetPath(bff), until: '確定した時限がありません' },
  { name: 'hours-error', role: 'teacher', path: (bff) => sheetPath(bff), set: ({ mock }) => void mock.faults.push({ path: '/lessons/months', status: 503 }), until: 'もう一度読み込む' },
  { name: 'hours-loading', role: 'teacher', path: (bff) => sheetPath(bff), set: ({ mock }) => void mock.faults.push({ path: '/lessons/months', hold: true }), until: '欠課時数', sizes: ['desk'] },
]

looks(LOOKS)
