import { axe, DESK, expect, test, type Bff } from './fixtures'
import type { Page } from '@playwright/test'

const planPath = (bff: Bff) => `/schools/${bff.mock.town.schools[0]!.school.id}/class-plans/2027`
const pupil = (bff: Bff, place: number) => bff.mock.town.own.members[place]!.pupil

test('what is no child of the grade is not seated, wherever it was dragged from', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('office', planPath(bff))
  await page.getByRole('button', { name: '学級を足す' }).click()
  const room = page.locator('section', { hasText: '3年1組' })
  const drop = (type: string, text: string) =>
    room.evaluate(
      (section, given) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.setData(given.type, given.text)
        for (const name of ['dragover', 'drop']) section.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer }))
      },
      { type, text },
    )
  await drop('text/plain', 'ひとつのことば')
  await drop('text/plain', '')
  await drop('application/x-tsumugi-pupil', '00000000-0000-4000-8000-000000000999')
  await expect(room).not.toHaveAttribute('data-over')
  await drop('application/x-tsumugi-pupil', pupil(bff, 0).id)
  await expect(room.getByRole('listitem')).toHaveCount(1)
  await page.getByRole('button', { name: '学級の案を保存' }).click()
  await expect.poll(() => bff.mock.office.revision).toBe(1)
  expect(Object.keys(bff.mock.office.plan.seats)).toEqual([pupil(bff, 0).id])
})

/** A class, and the first child in it. */
async function begun(page: Page) {
  await page.getByRole('button', { name: '学級を足す' }).click()
  const [none, room] = [page.locator('section', { hasText: 'まだ決まっていない子' }), page.locator('section', { hasText: '3年1組' })]
  const next = async () => {
    await none.getByRole('listitem').first().getByRole('button').focus()
    await page.keyboard.press('ArrowRight')
  }
  await next()
  await expect(room.getByRole('listitem')).toHaveCount(1)
  return { room, next, save: page.getByRole('button', { name: '学級の案を保存' }) }
}

test('what is moved while a save is under way stays, and is saved next', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('office', planPath(bff))
  const { room, next, save } = await begun(page)
  let arrived: () => void = () => undefined
  const answer = new Promise<void>((done) => (arrived = done))
  await page.route('**/class-plans/2027', async (route) => {
    if (route.request().method() === 'POST') await answer
    await route.continue()
  })
  await save.click()
  await next()
  await expect(room.getByRole('listitem')).toHaveCount(2)
  arrived()
  await expect.poll(() => bff.mock.office.revision).toBe(1)
  await expect(page.getByRole('button', { name: '元に戻す' })).toBeEnabled()
  await expect(room.getByRole('listitem')).toHaveCount(2)
  expect(Object.keys(bff.mock.office.plan.seats)).toHaveLength(1)
  await save.click()
  await expect.poll(() => Object.keys(bff.mock.office.plan.seats).length).toBe(2)
  await expect(page.getByRole('button', { name: '元に戻す' })).toHaveCount(0)
})

test('what somebody else saves meanwhile takes nothing away: both are there, or mine is given up', async ({ page, bff, open }, info) => {
  await page.setViewportSize(DESK)
  await open('office', planPath(bff))
  const { room, save } = await begun(page)
  const other = pupil(bff, 9).id
  const { office } = bff.mock
  Object.assign(office, { revision: 3, plan: { ...office.plan, classes: [{ id: '00000000-0000-4000-8000-000000000777', name: '3年1組', grade: 'P3', special_needs: false, homeroom: null }], seats: { [other]: { class_id: '00000000-0000-4000-8000-000000000777', number: null } } } })
  await save.click()
  await expect(page.getByText('この案がほかで保存されました')).toBeVisible()
  await expect(room.getByRole('listitem')).toHaveCount(1)
  await page.screenshot({ path: `${info.project.outputDir}/look/class-plan-outdated-desk.png` })
  expect(await axe(page)).toEqual([])
  await page.getByRole('button', { name: '保存された案に重ねる' }).click()
  await expect(room.getByRole('listitem')).toHaveCount(2)
  await expect(page.getByText('ほかの人が先に変えました')).toHaveCount(0)
  await save.click()
  await expect.poll(() => office.revision).toBe(4)
  expect(Object.keys(office.plan.seats)).toHaveLength(2)
  expect(office.plan.classes).toHaveLength(1)

  await room.getByRole('listitem').first().getByRole('button').focus()
  await page.keyboard.press('ArrowLeft')
  // Told by itself: with or without a save that comes second.
  Object.assign(office, { revision: 9, plan: { ...office.plan, seats: {} } })
  bff.mock.tellOffices()
  await page.getByRole('button', { name: '自分の変更を捨てる' }).click()
  await expect(room.getByRole('listitem')).toHaveCount(0)
  await expect(page.getByRole('button', { name: '元に戻す' })).toHaveCount(0)
})
