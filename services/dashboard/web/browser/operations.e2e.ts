/** The operator's page: what stands still and what does not, in words and to the last column. */
import { axe, DESK, expect, PHONE, test } from './fixtures'

test('zeros are said, names are words beside those that commands take', async ({ page, open }) => {
  await page.setViewportSize(DESK)
  await open('operator', '/operations')
  await expect(page.getByText('すべて届いています')).toBeVisible()
  for (const word of ['動いていないサービス', '遅れている写し', '取り込めずに待っている記録'])
    await expect(page.getByRole('term').filter({ hasText: word }).locator('xpath=following-sibling::dd')).toHaveText('0')
  const row = page.getByRole('row', { name: /^画面 その日の出欠/ })
  await expect(row).toContainText('dashboard school_day')
  await expect(row.getByRole('cell', { name: '学籍', exact: true })).toBeVisible()
  await expect(page.getByText('画面を出しているプロセスのメモリー 152 MiB')).toBeVisible()
})

test('on a phone no column is cut', async ({ page, open }) => {
  await page.setViewportSize(PHONE)
  await open('operator', '/operations')
  await expect(page.getByText('identity reaction:accounts')).toBeVisible()
  const right = await page.locator('table').evaluateAll((tables) => Math.max(...tables.map((table) => table.getBoundingClientRect().right)))
  expect(right).toBeLessThanOrEqual(PHONE.width)
})

test('a copy that stands says why, by name and in words', async ({ page, bff, open }, info) => {
  bff.mock.stopped = { school_day: '学籍のログが復元されています（世代 1 → 2）。確かめてから tsumugi feed accept-epoch で続けてください。', directory: 'ConnectionRefusedError' }
  for (const size of [DESK, PHONE]) {
    await page.setViewportSize(size)
    await open('operator', '/operations')
    await expect(page.getByText('止まっている写しが2件あります。')).toBeVisible()
    const rows = page.getByRole('table').first().getByRole('row')
    await expect(rows.filter({ hasText: 'dashboard school_day' })).toContainText('学籍のログが復元されています')
    await expect(rows.filter({ hasText: 'identity directory' })).toContainText('失敗を繰り返しています（ConnectionRefusedError）')
    const right = await page.locator('table').evaluateAll((tables) => Math.max(...tables.map((table) => table.getBoundingClientRect().right)))
    expect(right).toBeLessThanOrEqual(size.width)
    expect(await axe(page)).toEqual([])
    await page.screenshot({ path: info.outputPath(`stopped-${size.width}.png`) })
  }
})
