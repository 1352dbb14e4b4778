/** 学齢簿の取込 in a browser: columns are told once, the file then goes the way of every roster. */
import type { Page } from '@playwright/test'
import { FOUND } from '../dev/imports.mjs'
import { axe, DESK, expect, PHONE, test } from './fixtures'

const FILE = { name: '学齢簿.csv', mimeType: 'text/csv', buffer: Buffer.from('宛名番号,児童氏名\r\n') }

async function choose(page: Page): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: '学齢簿のファイルを選ぶ' }).click()
  await (await chooser).setFiles([FILE])
}

for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE }))
  test(`columns are told once and the file is shown ${name}`, async ({ page, bff, open }, info) => {
    await page.setViewportSize(size)
    const look = async (state: string) => {
      await page.screenshot({ path: `${info.project.outputDir}/look/gakureibo-${state}-${name}.png`, fullPage: true })
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(page)).toEqual([])
    }
    await open('board', '/imports')
    await expect(page.getByRole('link', { name: '学齢簿（新入学・転入）を取り込む' })).toBeVisible()
    await look('way')
    await page.getByRole('link', { name: '学齢簿（新入学・転入）を取り込む' }).click()
    await expect(page.getByRole('button', { name: '学齢簿のファイルを選ぶ' })).toBeVisible()
    await look('choose')
    await choose(page)
    await expect(page.getByText('0012345、0012346、0077777')).toBeVisible()
    await expect(page.getByText('読まない列: 生年月日、世帯番号')).toBeVisible()
    await expect(page.getByLabel('生年月日')).toHaveAccessibleDescription('列を選んでください')
    await look('columns')
    const go = page.getByRole('button', { name: 'この対応づけで確かめる' })
    await go.focus()
    await page.keyboard.press('Enter')
    expect(bff.mock.requests.some(({ method, path }) => method === 'POST' && path.endsWith('/mappings'))).toBe(false)
    await page.getByLabel('生年月日').selectOption('生年月日')
    await expect(page.getByText('令和2年5月6日、R2.11.3')).toBeVisible()
    await expect(page.getByText('決まっていない書き方が2あります', { exact: false })).toBeVisible()
    await page.getByLabel('学校「101」').selectOption('第一小')
    await page.getByLabel('異動事由「A1」').selectOption('転入')
    await expect(page.getByText('決まっていない書き方が', { exact: false })).toHaveCount(0)
    await page.getByLabel('対応づけの名前').fill('市の学齢簿')
    await page.getByLabel('取り込む年度').selectOption('2027年度')
    await look('ready')
    await go.click()
    await expect(page.getByRole('button', { name: '取り込む（変更8件）' })).toBeVisible()
    const sent = bff.mock.requests.filter(({ method, path }) => method === 'POST' && !path.endsWith('/columns')).map(({ body }) => JSON.parse(body))
    expect(sent[0]).toMatchObject({ name: '市の学齢簿', seen: 0, content: { schools: { 101: 's1' }, reasons: { A1: 'arrives' } } })
    expect(sent[0].content.columns.birth_date).toBe('生年月日')
    expect(sent[1]).toMatchObject({ school: null, school_year: 2027, mapping: bff.mock.gakureibo.mappings[0]!.id })
  })

test('a mapping that is remembered needs one press', async ({ page, bff, open }) => {
  const columns = { number: '宛名番号', name: '児童氏名', kana: 'ﾌﾘｶﾞﾅ', birth_date: '生年月日', school: '指定校', reason: '事由' }
  bff.mock.gakureibo.act('/mappings', { name: '市の学齢簿', seen: 0, content: { columns, schools: { 101: 's1' }, reasons: { A1: 'arrives' } } })
  await page.setViewportSize(DESK)
  await open('board', '/imports/gakureibo')
  await choose(page)
  await expect(page.getByLabel('覚えている対応づけ')).toHaveValue('市の学齢簿')
  await page.getByRole('button', { name: 'この対応づけで確かめる' }).click()
  await expect(page.getByRole('button', { name: '取り込む（変更8件）' })).toBeVisible()
  expect(bff.mock.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/mappings'))).toEqual([])
})

for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE }))
  test(`who may be here already is counted before anything is taken ${name}`, async ({ page, bff, open }, info) => {
    await page.setViewportSize(size)
    const some = bff.mock.imports.upload('ready', { ...FOUND, resembling: { children: 1203, lines: '3、7〜1208行' } }, { register: true })
    const none = bff.mock.imports.upload('ready', { ...FOUND, resembling: { children: 0, lines: '' } }, { register: true })
    await open('board', `/imports/uploads/${some.id}`)
    await expect(page.getByText('新しい子のうち1,203人は、もう名簿にいる子と同じ子かもしれません（学齢簿の3、7〜1208行）。')).toBeInViewport({ ratio: 1 })
    await page.screenshot({ path: `${info.project.outputDir}/look/gakureibo-alike-${name}.png` })
    expect(await axe(page)).toEqual([])
    await page.goto(`${bff.url}/imports/uploads/${none.id}`)
    await expect(page.getByRole('button', { name: '取り込む（変更8件）' })).toBeVisible()
    await expect(page.getByText('同じ子かもしれません')).toHaveCount(0)
  })

test('a mapping is removed for everybody, after a question; what is on the screen stays', async ({ page, bff, open }, info) => {
  const columns = { number: '宛名番号', name: '児童氏名', birth_date: '生年月日', school: '指定校', reason: '事由' }
  bff.mock.gakureibo.act('/mappings', { name: '去年の', seen: 0, content: { columns, schools: { 101: 's1' }, reasons: { A1: 'arrives' } } })
  await page.setViewportSize(DESK)
  await open('board', '/imports/gakureibo')
  await choose(page)
  await page.getByRole('button', { name: 'この対応づけを消す' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('山田 恵さんが 8:00 に保存したものです')
  await page.screenshot({ path: `${info.project.outputDir}/look/gakureibo-remove-desk.png` })
  expect(await axe(page)).toEqual([])
  await page.keyboard.press('Escape')
  expect(bff.mock.gakureibo.mappings).toHaveLength(1)
  await page.getByRole('button', { name: 'この対応づけを消す' }).click()
  await page.getByRole('button', { name: '消す', exact: true }).click()
  await expect(page.getByLabel('覚えている対応づけ')).toHaveCount(0)
  expect(bff.mock.gakureibo.mappings).toEqual([])
  await expect(page.getByRole('status').filter({ hasText: '対応づけ「去年の」を消しました。' })).toBeVisible()
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('対応づけ「去年の」を消しました。')
  await expect(page.getByLabel('生年月日')).toHaveValue('生年月日') // nothing that was chosen is lost
})

test('a refused register leads back to its columns', async ({ page, bff, open }) => {
  bff.mock.imports.upload('refused', { total: 3, files: { 'demographics.csv': 1, 'users.csv': 2 }, notes: 0 }, { register: true })
  await page.setViewportSize(DESK)
  await open('board', '/imports')
  await expect(page.getByRole('cell', { name: '学齢簿' })).toBeVisible()
  await page.getByRole('row', { name: /学齢簿/ }).getByRole('link').click()
  await page.getByRole('link', { name: '対応づけを直して、もう一度選ぶ' }).click()
  await expect(page.getByRole('button', { name: '学齢簿のファイルを選ぶ' })).toBeVisible()
})

test("a school's office brings no register", async ({ page, bff, open }) => {
  bff.mock.imports.scopes = [{ school: 's1', name: '第一小学校' }]
  await page.setViewportSize(DESK)
  await open('office', '/imports')
  await expect(page.getByRole('button', { name: '名簿のファイルを選ぶ' })).toBeVisible()
  await expect(page.getByRole('link', { name: /学齢簿/ })).toHaveCount(0)
})
