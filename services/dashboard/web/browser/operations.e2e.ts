/** The operator's page: what stands still and what does not, in words and to the last column. */
import { DESK, expect, PHONE, test } from './fixtures'

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
