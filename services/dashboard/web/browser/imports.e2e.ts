/** 名簿取込 in a browser: three clicks when nothing is wrong, and nothing that happens unasked. */
import type { Page } from '@playwright/test'
import { FOUND, LOSSES } from '../dev/imports.mjs'
import { DESK, expect, PHONE, test } from './fixtures'

const ROSTER = { name: 'roster.zip', mimeType: 'application/zip', buffer: Buffer.from('PK roster') }

/** Chooses files as the system's dialog would; one click opens it. */
async function choose(page: Page, files: Parameters<ReturnType<Page['locator']>['setInputFiles']>[0]): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: '名簿のファイルを選ぶ' }).click()
  await (await chooser).setFiles(files as never)
}

test.beforeEach(({ page }) => page.setViewportSize(DESK))

test('a roster without problems is imported with two clicks beside the choice of the file', async ({ page, bff, open }) => {
  await open('board', '/imports')
  await choose(page, ROSTER)
  await page.getByRole('button', { name: '取り込む（変更8件）' }).click()
  await expect(page.getByText('取り込みました')).toBeVisible()
  expect(page.url()).toContain('/imports/runs/1')
  const sent = bff.mock.requests.filter(({ method }) => method !== 'GET')
  expect(sent.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, 'ID')}`)).toEqual([
    'POST /api/registry/v1/imports/uploads',
    'PUT /api/registry/v1/imports/uploads/ID/files/roster.zip',
    'POST /api/registry/v1/imports/uploads/ID/apply',
  ])
  expect(sent[1]!.body).toBe('PK roster')
  expect(JSON.parse(sent[2]!.body)).toEqual({ preview: 'p1', confirm_losses: false })
})

test('all of it by keyboard', async ({ page, open }) => {
  await open('board', '/imports')
  await expect(page.getByRole('button', { name: '名簿のファイルを選ぶ' })).toBeVisible()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: '名簿のファイルを選ぶ' }).focus()
  await page.keyboard.press('Enter')
  await (await chooser).setFiles([ROSTER])
  const apply = page.getByRole('button', { name: '取り込む（変更8件）' })
  await expect(apply).toBeVisible()
  await apply.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('取り込みました')).toBeVisible()
  await page.getByRole('button', { name: '元に戻す' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: '取り込む前に戻す' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('元に戻しました')).toBeVisible()
})

test('sudden losses cannot be applied before somebody has said so', async ({ page, bff, open }) => {
  bff.mock.imports.next = { state: 'ready', found: { ...FOUND, losses: LOSSES } }
  await open('board', '/imports')
  await choose(page, ROSTER)
  const apply = page.getByRole('button', { name: '取り込む（変更8件）' })
  await apply.focus()
  await page.keyboard.press('Enter')
  expect(bff.mock.requests.some(({ path }) => path.endsWith('/apply'))).toBe(false)
  await page.getByRole('checkbox', { name: /この人数がいなくなってよい/ }).check()
  await apply.click()
  await expect(page.getByText('取り込みました')).toBeVisible()
  expect(JSON.parse(bff.mock.requests.find(({ path }) => path.endsWith('/apply'))!.body).confirm_losses).toBe(true)
})

test('by school the preview and the run say how many there are before and after, and why', async ({ page, open }) => {
  await open('board', '/imports')
  await choose(page, ROSTER)
  const row = page.getByRole('row', { name: /^第一小学校/ })
  await expect(row).toHaveText('第一小学校5125111011002')
  await page.getByRole('button', { name: '取り込む（変更8件）' }).click()
  await expect(page.getByText('取り込みました')).toBeVisible()
  await expect(row.getByRole('cell').nth(1)).toHaveText('511')
})

test('problems are shown by file, and nothing can be applied', async ({ page, bff, open }) => {
  bff.mock.imports.next = { state: 'refused', found: { total: 3, files: { 'demographics.csv': 1, 'users.csv': 2 }, notes: 0 } }
  await open('board', '/imports')
  await choose(page, ROSTER)
  await expect(page.getByRole('row')).toHaveCount(4)
  await page.getByRole('button', { name: 'demographics.csv 1件' }).click()
  await expect(page.getByRole('row')).toHaveCount(2)
  await expect(page.getByText('2019/13/45')).toBeVisible()
  await expect(page.getByRole('link', { name: '直すところを表で受け取る' })).toHaveAttribute('href', /problems\.xlsx$/)
  await expect(page.getByRole('button', { name: /取り込む/ })).toHaveCount(0)
})

test('on a phone what to do about a problem is read whole', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  bff.mock.imports.next = { state: 'refused', found: { total: 3, files: { 'demographics.csv': 1, 'users.csv': 2 }, notes: 0 } }
  await open('board', '/imports')
  await choose(page, ROSTER)
  await expect(page.getByText('わけと直し方').first()).toBeVisible()
  expect(await page.getByRole('region', { name: '直すところ' }).evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThanOrEqual(0)
})

test('what is no roster is said before anything is sent', async ({ page, bff, open }) => {
  await open('board', '/imports')
  await choose(page, { name: '名簿.xlsx', mimeType: 'application/vnd.ms-excel', buffer: Buffer.from('x') })
  await expect(page.getByText('「名簿.xlsx」は名簿のファイルではありません')).toBeVisible()
  expect(bff.mock.requests.filter(({ method }) => method !== 'GET')).toEqual([])
})

test('a line that breaks on the way is said, and the file is sent again', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'PUT', drop: true })
  await open('board', '/imports')
  await choose(page, ROSTER)
  await expect(page.getByText('途中でつながらなくなりました')).toBeVisible()
  bff.mock.faults.length = 0
  await page.getByRole('button', { name: 'もう一度送る' }).click()
  await expect(page.getByRole('button', { name: '取り込む（変更8件）' })).toBeVisible()
})

test('the page may be left while it goes on, and tells the rest when one comes back', async ({ page, bff, open }) => {
  const run = bff.mock.imports.run({ state: 'applying', working: true, parts_done: 3, held: true })
  await open('board', `/imports/runs/${run.run}`)
  await expect(page.getByText('取り込んでいます 3 / 12')).toBeVisible()
  await page.getByRole('link', { name: '市の今日' }).click()
  bff.mock.imports.runs[0]!.held = false
  await page.goBack()
  await expect(page.getByText('取り込みました')).toBeVisible()
})
