/** The live connection when what may be seen changes: no page outlives the right to it. */
import type { Page } from '@playwright/test'
import { cell, expect, presses, ready, rollPath, test, type Bff } from './fixtures'

const NO_RIGHT = { name: 'このページは見られません' }

test('a roll leaves the screen when the duty behind it ends, and what was typed waits', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await followed(page, bff)
  await presses(page, '1', '2', 'k')
  const name = bff.mock.town.own.members[0]!.pupil.family
  await expect(page.getByText(name).first()).toBeVisible()
  bff.mock.faults.push({ path: 'GET /api/(live|classes/.*/roll)$', status: 404 })
  bff.mock.streams.forEach(({ answer }) => answer.write('event: end\ndata: {"reason":"duties"}\n\n'))
  bff.mock.streams.forEach(({ answer }) => answer.end())
  await expect(page.getByRole('heading', NO_RIGHT)).toBeVisible()
  await expect(page.getByText(name)).toHaveCount(0)
  await expect(page.getByText('時点の表示です')).toHaveCount(0) // nothing is shown that could be old
  bff.mock.faults.length = 0
  await page.reload() // the duty came back
  await expect(cell(page, 12)).toContainText('病欠')
})

test('a stream that was lost and is then refused takes the page along', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await followed(page, bff)
  bff.mock.faults.push({ path: 'GET /api/(live|classes/.*/roll)$', status: 403 })
  bff.mock.streams.forEach(({ answer }) => answer.end())
  await expect(page.getByRole('heading', NO_RIGHT)).toBeVisible()
})

test('a page left behind is not shown again from memory after a duty has ended', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await followed(page, bff)
  const name = bff.mock.town.own.members[0]!.pupil.family
  await page.getByRole('navigation').getByRole('link', { name: '今日' }).click()
  await expect(page.getByRole('heading', { name: '2年1組' })).toBeVisible()
  await expect.poll(() => [...bff.mock.streams].flatMap(({ keys }) => keys).length).toBe(2)
  bff.mock.faults.push({ path: 'GET /api/classes/.*/roll$', hold: true })
  const asked = page.waitForRequest(/\/api\/me$/)
  bff.mock.streams.forEach(({ answer }) => answer.write('event: end\ndata: {"reason":"duties"}\n\n'))
  await asked
  await page.goBack()
  await expect(page.getByRole('heading', { name: '2年1組' })).toHaveCount(0)
  await expect(page.getByText(name)).toHaveCount(0)
})

/** The roll stands and its stream too. */
async function followed(page: Page, bff: Bff): Promise<void> {
  await ready(page)
  await expect.poll(() => bff.mock.streams.size).toBe(1)
}
