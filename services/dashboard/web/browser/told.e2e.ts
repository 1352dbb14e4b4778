/** What families wrote, in the roll: read before 確定, answered in place, in sight afterwards. */
import { cell, commands, expect, ready, rollPath, test, type Bff } from './fixtures'
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
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText('に確定して届けました')).toBeVisible()
  await expect(page.getByRole('row').filter({ hasText: '保護者の連絡' })).toHaveCount(1)
  await page.getByText('保護者の言葉と返信（1件）').click()
  await expect(page.getByText('「昨夜から38度」')).toBeVisible()
  await page.getByRole('button', { name: '返信する' }).click()
  await page.getByRole('button', { name: 'お大事に' }).click()
  await page.getByRole('button', { name: '返信を送る' }).click()
  await expect(page.getByText('返信「お大事に」')).toBeVisible()
  expect(notice.replies.map(({ words }) => words)).toEqual(['お大事に'])
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
      await page.getByText('保護者の言葉と返信（1件）').click()
      await page.getByRole('button', { name: '返信する' }).last().click()
    },
    until: '家庭への返信',
  },
])
