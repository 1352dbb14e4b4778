/** Guardians' pages in the language a family reads, chosen by its own name and kept on the device. */
import { axe, expect, PHONE, test } from './fixtures'

const TELLS: readonly (readonly [own: string, tag: string, tell: string])[] = [
  ['やさしい日本語', 'ja', '休むこと・おくれることを れんらくする'],
  ['English', 'en', 'Report absence or lateness'],
  ['中文', 'zh-Hans', '联系缺席、迟到'],
  ['Português', 'pt-BR', 'Avisar falta ou atraso'],
  ['Español', 'es', 'Avisar de falta o retraso'],
  ['Tiếng Việt', 'vi', 'Báo nghỉ hoặc đến muộn'],
  ['Filipino', 'fil', 'Ipaalam ang pagliban o pagkahuli'],
  ['नेपाली', 'ne', 'अनुपस्थिति वा ढिलाइ खबर गर्ने'],
]

test('each language by its own name, and Japanese again', async ({ page, open }) => {
  await page.setViewportSize(PHONE)
  await open('guardian', '/family')
  for (const [own, tag, tell] of TELLS) {
    await page.getByRole('button', { name: own, exact: true }).click()
    await expect(page.getByRole('link', { name: tell })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', tag)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), own).toBeLessThanOrEqual(0)
  }
  await page.reload()
  await expect(page.getByRole('link', { name: TELLS.at(-1)![2] })).toBeVisible()
  await page.getByRole('link', { name: TELLS.at(-1)![2] }).click()
  await expect(page.getByRole('button', { name: 'विद्यालयमा पठाउने' })).toBeVisible()
  expect(await axe(page)).toEqual([])
  await page.goBack()
  await page.getByRole('button', { name: '日本語', exact: true }).click()
  await expect(page.getByRole('link', { name: '欠席・遅刻を連絡する' })).toBeVisible()
})

test('the device asks first, the account remembers: the same language on the next device', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await page.addInitScript(() => Object.defineProperty(navigator, 'languages', { get: () => ['vi-VN', 'ja'] }))
  await open('guardian', '/family')
  await expect(page.locator('html')).toHaveAttribute('lang', 'vi')
  const offer = page.getByText('Đang hiển thị bằng Tiếng Việt.')
  await expect(offer).toBeVisible()
  expect(await axe(page)).toEqual([])
  await page.getByRole('button', { name: 'Đã hiểu' }).click()
  await expect(offer).toHaveCount(0)
  await expect.poll(() => bff.mock.family.language.language).toBe('vi')
  bff.mock.family.language = { language: 'pt-BR', furigana: false } // chosen on another device meanwhile
  await page.reload()
  await expect(page.getByRole('link', { name: 'Avisar falta ou atraso' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'pt-BR')
})
