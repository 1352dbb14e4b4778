/** What families wrote, in the roll: read before 確定, answered in place, in sight afterwards. */
import { cell, commands, DESK, expect, ready, rollPath, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

test('what no mark says comes before 確定: the teacher reads it, and goes on', async ({ page, bff, open }) => {
  bff.mock.family.tellClass(12, '水泳は見学します')
  await open('teacher', rollPath(bff))
  await ready(page)
  await expect(page.getByText('「水泳は見学します」')).toBeVisible()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText('先に、この連絡を読んでください。')).toBeVisible()
  expect(commands(bff)).toHaveLength(0)
  await page.getByRole('button', { name: '読みました' }).click()
  await cell(page, 1).click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => commands(bff).length).toBe(1)
  const { marks } = JSON.parse(commands(bff)[0]!.body) as { marks: { pupil: string; seen: number; code: string }[] }
  const of = bff.mock.town.own.members.find(({ number }) => number === 12)!.pupil.id
  expect(marks.find(({ pupil }) => pupil === of)).toMatchObject({ seen: 1, code: 'present' })
})

test('words stand beside the roll, also after 確定, and are answered there', async ({ page, bff, open }) => {
  const notice = bff.mock.family.tellClass(7, '昨夜から38度', 'absent_sick')
  await open('teacher', rollPath(bff))
  await ready(page)
  await expect(page.getByText('「昨夜から38度」'), 'what the save says was seen is in sight before it').toBeVisible()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText('に確定しました')).toBeVisible()
  await expect(page.getByRole('row').filter({ hasText: '保護者の連絡' })).toHaveCount(1)
  await expect(page.getByText('「昨夜から38度」')).toBeVisible()
  await page.getByRole('button', { name: '返信する' }).click()
  await page.getByLabel('家庭への返信').fill('保健室で休ませます')
  await page.getByRole('button', { name: 'お大事に' }).click()
  await page.getByRole('button', { name: '返信を送る' }).click()
  await expect(page.getByText('返信「保健室で休ませます お大事に」')).toBeVisible()
  await expect(page.locator('[role=grid] [data-cursor]')).toBeFocused()
  expect(notice.replies.map(({ words }) => words)).toEqual(['保健室で休ませます お大事に'])
})

test('a word that was changed has both its times', async ({ page, bff, open }) => {
  const notice = bff.mock.family.tellClass(7, '昨夜から38度', 'absent_sick')
  Object.assign(notice, { revision: 2, told_at: `${TODAY}T08:17:00+09:00`, entered_at: `${TODAY}T08:20:00+09:00` })
  await open('teacher', rollPath(bff))
  await expect(page.getByText('「昨夜から38度」')).toContainText('母 8:17（8:20に変更）')
})

test('beside notices no row is cut in half, and the last one is reached', async ({ page, bff, open }) => {
  two(bff)
  await page.setViewportSize(DESK)
  await open('teacher', rollPath(bff))
  await ready(page)
  await expect(page.getByText('「水泳は見学します」')).toBeVisible()
  const rows = page.locator('[role=grid] tbody [role=row]')
  /** Rows of which a part only is inside what scrolls. */
  const cut = () =>
    rows.evaluateAll((all) => {
      const port = all[0]!.closest('table')!.parentElement!.getBoundingClientRect()
      return all.filter((one) => one.getBoundingClientRect().top < port.bottom - 4 && one.getBoundingClientRect().bottom > port.bottom).length
    })
  await expect.poll(cut).toBe(0)
  await expect(rows.nth(32)).toBeInViewport({ ratio: 0.9 })
  await expect(rows.nth(18)).not.toBeInViewport()
  for (const key of ['1', '9']) await page.keyboard.press(key)
  await expect(rows.nth(18)).toBeInViewport({ ratio: 0.9 })
})

const two = (bff: Bff) => {
  bff.mock.family.tellClass(12, '水泳は見学します')
  bff.mock.family.tellClass(7, '昨夜から38度', 'absent_sick')
}

looks([
  { name: 'roll-told', role: 'teacher', path: rollPath, set: two, until: '「水泳は見学します」' },
  {
    name: 'roll-told-answering',
    role: 'teacher',
    path: rollPath,
    set: two,
    act: async (page) => {
      await page.getByRole('button', { name: '返信する' }).last().click()
    },
    until: '家庭への返信',
  },
])
