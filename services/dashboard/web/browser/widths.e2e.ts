/** What a narrow screen breaks or cuts, and what a wide one sets askew. */
import { DESK, expect, PHONE, takeAll, test } from './fixtures'

test('on a phone no way on from 今日 is broken in two', async ({ page, open }) => {
  await page.setViewportSize(PHONE)
  await open('teacher', '/today')
  const ways = page.locator('article a')
  await expect(ways.filter({ hasText: '気がかりな欠席' })).not.toHaveCount(0)
  const lines = await ways.evaluateAll((all) => all.map((one) => {
    const words = document.createRange()
    words.selectNodeContents(one)
    return { text: one.textContent, lines: new Set([...words.getClientRects()].map(({ top }) => Math.round(top))).size }
  }))
  expect(lines.filter((one) => one.lines !== 1)).toEqual([])
})

test("on a phone 市の今日's table shows its rates beside a school of a long name", async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  const [first] = bff.mock.town.schools
  Object.assign(first!.school, { name: '紬市立第一中央小学校つくも台分校' })
  first!.classes.forEach((one) => takeAll(bff, one, { 2: 'absent_sick' }))
  await open('board', '/board')
  const table = page.getByRole('region', { name: '学校', exact: true })
  await expect(table.getByRole('rowheader', { name: '紬市立第一中央小学校つくも台分校' })).toBeVisible()
  expect(await table.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(1)
})

test("on a desk the send bar is as wide as the family's form", async ({ page, open }) => {
  await page.setViewportSize(DESK)
  await open('guardian', '/family/tell')
  const [form, send, leave] = await Promise.all([page.getByRole('textbox'), page.getByRole('button', { name: '学校に送る' }), page.getByRole('link', { name: 'やめる' })].map((one) => one.boundingBox()))
  expect(send!.x).toBeCloseTo(form!.x, 0)
  expect(leave!.x + leave!.width).toBeCloseTo(form!.x + form!.width, 0)
  await expect(page.getByRole('button', { name: '学校に送る' })).toBeInViewport({ ratio: 1 })
})
