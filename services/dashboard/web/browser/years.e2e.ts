import type { Page } from '@playwright/test'
import { axe, DESK, expect, PHONE, schoolPath, test, type Bff } from './fixtures'

test.use({ viewport: DESK })

const yearPath = (bff: Bff) => `${schoolPath(bff)}/year`

const lines = (page: Page) => page.getByRole('textbox', { name: '変える予定（1行に1つ）' })
const consider = (page: Page) => page.getByRole('button', { name: /変わることを確かめる/ })

test('a class is closed by keys: consequences first, then year and school say so, and it is undone', async ({ page, bff, open }, info) => {
  await open('principal', yearPath(bff))
  await page.getByLabel('日付', { exact: true }).fill('11/20')
  await page.getByLabel('種類', { exact: true }).selectOption('臨時休業')
  await page.getByLabel('内容', { exact: true }).fill('インフルエンザ')
  await page.getByLabel('対象', { exact: true }).selectOption('2年1組')
  await page.getByLabel('内容', { exact: true }).press('Control+Enter') // as the button says; the line filled in is the line meant
  await expect(lines(page)).toHaveValue('11/20\t臨時休業\tインフルエンザ\t2年1組')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('listitem').first()).toHaveText('11/20 臨時休業 インフルエンザ 2年1組') // what it is about
  await expect(dialog).not.toContainText('日のまま')
  await expect(dialog).toContainText('のべ1学級の日です')
  await expect(dialog).toContainText('もう朝の記録が確定しています')
  await expect(dialog).toContainText('学級閉鎖の日も、学年の授業日です')
  await expect(dialog, 'a class alone that is closed keeps the days of its grade').not.toContainText('授業日には数えません')
  await expect(dialog).toContainText('33食減ります')
  await expect(dialog).toContainText('11月20日（金） 2年1組 授業がなくなる（記録ずみ）')
  expect(await axe(page)).toEqual([])
  await dialog.getByRole('button', { name: 'この年間予定にする' }).press('Enter')
  await expect(dialog).toHaveCount(0)
  const row = page.getByRole('row', { name: /臨時休業 インフルエンザ 2年1組/ })
  await expect(row).toBeVisible()
  await expect(lines(page)).toHaveValue('')
  const back = page.getByRole('button', { name: '元に戻す' })
  await expect(back, 'the answer and the way back stand where it was done').toBeInViewport({ ratio: 1 })
  await expect(page.getByText('年間予定を変えました')).toBeInViewport()
  await page.screenshot({ path: `${info.project.outputDir}/look/year-saved-desk.png` })
  const day = page.getByRole('cell', { name: '授業日、臨時休業 インフルエンザ（2年1組）' })
  await expect(day.locator('span'), 'one class, and not the school').toHaveText('臨')
  await expect(day.locator('span')).toHaveCSS('text-decoration-style', 'dotted')
  await page.getByRole('link', { name: '出欠' }).click()
  await expect(page.getByRole('row', { name: /2年1組.*臨時休業/ })).toBeVisible()
  const count = (word: string) => page.locator('dt', { hasText: word }).locator('xpath=following-sibling::dd[1]')
  const roll = bff.mock.town.schools[0]!.classes.reduce((n, { members }) => n + members.filter(({ exchange }) => !exchange).length, 0)
  await expect(count('在籍'), 'a closure takes nobody off the roll').toHaveText(String(roll))
  await expect(count('授業なし')).toHaveText('35')
  await page.goBack()
  await page.getByRole('button', { name: '元に戻す' }).click()
  await dialog.getByRole('button', { name: '元に戻す' }).press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(row).toHaveCount(0)
})

test('what was looked at before somebody changed the year is not saved, and the lines stay', async ({ page, bff, open }) => {
  await open('office', yearPath(bff))
  await expect.poll(() => bff.mock.streams.size).toBeGreaterThan(0)
  await lines(page).fill('11/27\t行事\t音楽会')
  await consider(page).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  const path = `/api/registry/v1/schools/${bff.mock.town.schools[0]!.school.id}/calendars/2026`
  bff.mock.years.act('principal', path, { rows: [['11/27', '行事', '避難訓練', '']], seen: '1', dry: false })
  bff.mock.tell(bff.mock.town.own.class.id, '2026-11-20')
  await expect(page.getByRole('row', { name: /^11月27日（金） 行事 避難訓練/, includeHidden: true })).toHaveCount(1)
  await dialog.getByRole('button', { name: 'この年間予定にする' }).click()
  await expect(page.getByText('ほかの人が先に変えました')).toBeVisible()
  await expect(page.getByRole('row', { name: /^11月27日（金） 行事 音楽会/ })).toHaveCount(0)
  await expect(lines(page)).toHaveValue('11/27\t行事\t音楽会')
  await consider(page).click()
  await dialog.getByRole('button', { name: 'この年間予定にする' }).click()
  await expect(page.getByRole('row', { name: /^11月27日（金） 行事 音楽会/ })).toBeVisible()
})

test('a paste with a cell that cannot be read is refused by cell, the board’s plan is put in', async ({ page, bff, open }) => {
  await open('office', yearPath(bff))
  await lines(page).fill('11/27\t行事\t音楽会\n十二月\t行事\t書写展')
  await consider(page).click()
  await expect(page.getByText('貼り付けを取りやめました（1か所）')).toBeVisible()
  await expect(page.getByText('2行目の日付 「十二月」は日付として読めません')).toBeVisible()
  await page.getByRole('button', { name: '市の年間予定を入れる' }).click()
  await expect(lines(page)).toHaveValue(/12\/25〜1\/7\t休業日\t冬休み/)
  await expect(page.getByText('貼り付けを取りやめました')).toHaveCount(0)
})

test('Ctrl+Enter passes over nothing that was filled in without its day', async ({ page, bff, open }) => {
  await open('office', yearPath(bff))
  await lines(page).fill('11/27\t行事\t音楽会')
  await page.getByLabel('内容', { exact: true }).fill('書写展')
  await page.getByLabel('内容', { exact: true }).press('Control+Enter')
  await expect(page.getByText('日付を書いてください。')).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.getByLabel('日付', { exact: true }).fill('11/28')
  await page.getByLabel('日付', { exact: true }).press('Control+Enter')
  await expect(lines(page)).toHaveValue(/^11\/27\t行事\t音楽会\n11\/28\t授業日\t書写展/)
  await expect(page.getByRole('dialog')).toBeVisible()
})

test('the Enter of a conversion adds no line', async ({ page, bff, open }) => {
  await open('office', yearPath(bff))
  await page.getByLabel('日付', { exact: true }).fill('11/27')
  const words = page.getByLabel('内容', { exact: true })
  await words.focus()
  const ime = await page.context().newCDPSession(page)
  await ime.send('Input.imeSetComposition', { text: 'おんがくかい', selectionStart: 6, selectionEnd: 6 })
  await ime.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 })
  await ime.send('Input.insertText', { text: '音楽会' })
  await expect(words).toHaveValue('音楽会')
  await expect(lines(page)).toHaveValue('')
  await words.press('Enter')
  await expect(lines(page)).toHaveValue(/^11\/27\t授業日\t音楽会/)
})

test('an event is taken back from its row; without a day no line is made', async ({ page, bff, open }) => {
  await open('office', yearPath(bff))
  await page.getByRole('button', { name: '行を加える', exact: true }).click()
  await expect(page.getByText('日付を書いてください。')).toBeVisible()
  await expect(page.getByRole('row', { name: /12月25日〜12月28日 休業日 冬休み/ })).toBeVisible()
  await page.getByRole('button', { name: '10月20日（火）の行事 修学旅行を取り消す行を加える' }).click()
  await expect(lines(page)).toHaveValue('10/20\t取り消し\t修学旅行\t6年')
  await consider(page).click()
  await page.getByRole('dialog').getByRole('button', { name: 'この年間予定にする' }).click()
  await expect(page.getByRole('row', { name: /^10月20日（火） 行事 修学旅行/ })).toHaveCount(0)
})

test('the year on paper is one sheet without what is only for the screen', async ({ page, bff, open }) => {
  await open('principal', yearPath(bff))
  await expect(page.getByRole('heading', { name: '年間の授業日' })).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(lines(page)).toBeHidden()
  await expect(page.getByRole('button', { name: '印刷する' })).toBeHidden()
  await expect(page.getByRole('row', { name: /^10月20日（火） 行事 修学旅行/ })).toBeVisible()
  const paper = await page.pdf({ preferCSSPageSize: true })
  expect(paper.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1)
})

const LOOKS: { name: string; set?: (bff: Bff) => void; until: string }[] = [
  { name: 'year', until: '年間の授業日' },
  { name: 'year-empty', set: ({ mock }) => void (mock.empty = true), until: 'まだ入っていません' },
  { name: 'year-error', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', status: 503 }), until: 'もう一度読み込む' },
  { name: 'year-offline', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', drop: true }), until: 'つながっていません' },
  { name: 'year-loading', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', hold: true }), until: '令和8年度' },
]

for (const look of LOOKS)
  for (const size of ['desk', 'phone'] as const)
    test(`${look.name} ${size}`, async ({ page, bff, open }, info) => {
      await page.setViewportSize(size === 'desk' ? DESK : PHONE)
      look.set?.(bff)
      await open('principal', yearPath(bff))
      await expect(page.getByText(look.until).first()).toBeVisible()
      await page.screenshot({ path: `${info.project.outputDir}/look/${look.name}-${size}.png` })
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      if (size === 'phone') await page.setViewportSize({ ...PHONE, height: 3000 })
      expect(await axe(page)).toEqual([])
    })
