/** The roll says what it does: whose number it is, which choice comes first, what a correction asks and when it arrived. */
import type { Page } from '@playwright/test'
import { cell, commands, DESK, expect, PHONE, presses, ready, rollPath, schoolPath, state, takeAll, test, TODAY, type Bff } from './fixtures'

test.use({ viewport: DESK })

const pupil = (bff: Bff, number: number) => bff.mock.town.own.members[number - 1]!.pupil.id
const classOf = (bff: Bff) => bff.mock.town.own.class.id
const choice = (page: Page) => page.getByRole('group', { name: 'どちらにしますか' })
const looks = (page: Page, name: string) => page.screenshot({ path: `test-results/look/${name}.png` })

/** The office's word about a child comes while the teacher's is not saved. */
async function disputed(page: Page, bff: Bff, number: number): Promise<void> {
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, number), 'absent_sick', { source: 'office', who: '山田 恵' })
  await expect(choice(page)).toBeVisible()
}

test('0 and a mark mark nobody, and say so; 07 is 7', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  for (const zero of ['0', '０']) {
    await presses(page, '1', '1')
    await page.waitForTimeout(1000) // the number is finished
    if (zero === '0') await presses(page, zero)
    else await cell(page, 11).evaluate((td) => td.dispatchEvent(new KeyboardEvent('keydown', { key: '０', code: 'Digit0', bubbles: true, cancelable: true })))
    await presses(page, 'k')
    await expect(page.getByText('0番はいません')).toBeVisible()
    await expect(cell(page, 11)).toContainText('未入力')
  }
  await presses(page, '0', '7', 'k')
  await expect(page.getByText('0番はいません')).toHaveCount(0)
  await expect(cell(page, 7)).toContainText('病欠')
  await expect(page.getByText('1人を入力')).toBeVisible()
})

for (const key of ['Control+Enter', 'Control+s'])
  test(`${key} past an open choice: the choice comes first, in words and in sight, and none is taken unread`, async ({ page, bff, open }) => {
    await open('teacher', rollPath(bff))
    await ready(page)
    await presses(page, '1', '2', 'c', '2', '6', 'c')
    await disputed(page, bff, 12)
    await presses(page, key)
    await expect(choice(page)).toBeFocused()
    await expect(choice(page)).toContainText('先に、どちらにするか決めてください')
    await looks(page, 'roll-choice-first-desk')
    await presses(page, key, key) // no answer is under the keys
    await expect(choice(page)).toBeVisible()
    await presses(page, 'Tab', 'Control+Enter')
    await expect(choice(page)).toBeVisible()
    if (key === 'Control+s') await expect.poll(() => bff.mock.cell(classOf(bff), TODAY, pupil(bff, 26)).revision).toBe(1) // what nobody disputes is saved
    else expect(commands(bff)).toEqual([])
    await presses(page, 'Enter')
    await expect(choice(page)).toHaveCount(0)
    await expect(cell(page, 12)).toContainText('遅刻')
    await expect(page.locator('[data-cursor]')).toBeFocused()
    await presses(page, 'Control+Enter')
    await expect(state(page)).toContainText('に確定しました')
  })

test('on a phone the button leads to the choice that comes first', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await open('teacher', rollPath(bff))
  await tap(page, 12, '遅刻')
  await disputed(page, bff, 12)
  await page.getByRole('button', { name: '先に1人を決める' }).click()
  await expect(choice(page)).toContainText('先に、どちらにするか決めてください')
  await expect(choice(page)).toBeInViewport({ ratio: 1 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await looks(page, 'roll-choice-first-phone')
  await page.getByRole('button', { name: '「遅刻」にする' }).click()
  await page.getByRole('button', { name: '残り34人を出席にして確定' }).click()
  await expect(state(page)).toContainText('に確定しました')
})

test("what the teacher chose on sight of the office's mark holds", async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  await disputed(page, bff, 12)
  await page.getByRole('button', { name: '「遅刻」にする' }).click()
  await expect.poll(() => commands(bff).length).toBe(1)
  await page.reload()
  await expect(cell(page, 12)).toContainText('遅刻')
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_other', { source: 'office', who: '山田 恵' })
  await expect(cell(page, 12)).toContainText('事故欠') // of office and teacher the later word
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'early_leave', { who: '佐藤 恵', reason: 'told_later' })
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { source: 'office', who: '山田 恵' })
  await expect(cell(page, 12)).toContainText('早退') // a correction before a mark
})

test('both times of a choice are of one clock, though the device has another day', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await page.clock.setSystemTime('2026-11-22T10:47:30+09:00')
  await page.reload()
  await ready(page)
  await presses(page, '1', '2', 'c')
  await disputed(page, bff, 12)
  await expect(choice(page)).toContainText(/事務室 山田 恵が 8:(19|2\d) に「病欠」、あなたが 8:(19|2\d) に「遅刻」と入れました/)
})

test('of a choice about another day both times name their day', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff, '2026-11-19'))
  await ready(page)
  await presses(page, '1', '2', 'c')
  bff.mock.mark(classOf(bff), '2026-11-19', pupil(bff, 12), 'absent_sick', { source: 'office', who: '山田 恵' })
  await expect(choice(page)).toContainText(/恵が 11月20日（金） 8:(19|2\d) に「病欠」、あなたが 11月20日（金） 8:(19|2\d) に「遅刻」/)
})

test('Enter in a correction sends nothing whose reason nobody chose', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('12番')
  const reasons = dialog.getByRole('radiogroup', { name: '訂正のわけ' })
  await expect(reasons.getByRole('radio').first()).toBeFocused()
  await presses(page, 'Enter')
  await expect(dialog.getByRole('alert')).toHaveText('わけを選んでください')
  await looks(page, 'roll-correction-no-reason-desk')
  await presses(page, 'Enter', 'Enter')
  await expect(reasons.getByRole('radio', { checked: true })).toHaveCount(0)
  expect(commands(bff)).toEqual([])
  await presses(page, 'ArrowDown')
  await expect(reasons.getByRole('radio', { checked: true })).toHaveAccessibleName(/入力の誤り/)
  await presses(page, 'ArrowDown')
  await expect(reasons.getByRole('radio', { checked: true })).toHaveAccessibleName(/後から連絡があった/)
  await presses(page, 'Enter')
  await expect(dialog).toHaveCount(0)
  await expect.poll(() => commands(bff).length).toBe(1)
  expect((JSON.parse(commands(bff)[0]!.body) as { marks: unknown[] }).marks).toEqual([{ pupil: pupil(bff, 12), seen: 1, code: 'late', reason: { code: 'told_later', text: '' } }])
})

test('arrows pass over ほか; its line is asked for when it is sent', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  const reasons = page.getByRole('dialog').getByRole('radiogroup', { name: '訂正のわけ' })
  await expect(reasons.getByRole('radio').first()).toBeFocused()
  await presses(page, 'ArrowDown', 'ArrowUp') // from the first to the last
  await expect(reasons.getByRole('radio', { checked: true })).toHaveAccessibleName(/ほか/)
  await presses(page, 'ArrowUp')
  await expect(reasons.getByRole('radio', { checked: true })).toHaveAccessibleName(/後から登校した/)
  await presses(page, 'ArrowDown', 'Enter')
  await expect(page.getByRole('alert')).toHaveText('わけを書いてください')
  await page.keyboard.type('ねぼう')
  await presses(page, 'Enter')
  await expect.poll(() => commands(bff).length).toBe(1)
  expect((JSON.parse(commands(bff)[0]!.body) as { marks: unknown[] }).marks).toMatchObject([{ code: 'late', reason: { code: 'other', text: 'ねぼう' } }])
})

test('a correction to what stands already asks for another mark', async ({ page, bff, open }) => {
  takeAll(bff, bff.mock.town.own, { 26: 'late' })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '2', '6', 'c')
  await expect(page.getByRole('dialog')).toContainText('「遅刻」 → 「？」')
})

test('a correction without a mark yet asks for the mark first', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await page.getByRole('button', { name: '1番を訂正する' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('radiogroup', { name: '新しい印' }).getByRole('radio').first()).toBeFocused()
  await presses(page, '1', 'Enter')
  await expect(dialog.getByRole('alert')).toHaveText('新しい印を選んでください')
  await presses(page, 'k', 'Enter')
  await expect(cell(page, 1)).toContainText('病欠')
})

for (const size of [DESK, PHONE])
  test(`a correction that arrived is said with its time, and not before (${size.width} px)`, async ({ page, bff, open }) => {
    await page.setViewportSize(size)
    const morning = bff.mock.clock
    takeAll(bff)
    bff.mock.clock = () => new Date(morning().getTime() + 145 * 60_000) // 10:44
    bff.mock.faults.push({ path: 'POST', drop: true })
    await open('teacher', rollPath(bff))
    await expect(state(page)).toContainText('8:21 に確定しました')
    if (size === PHONE) await tap(page, 12, '遅刻')
    else {
      await ready(page)
      await presses(page, '1', '2', 'c')
    }
    await expect(page.getByRole('dialog')).toContainText('訂正のわけ')
    await page.getByRole('dialog').getByText('後から連絡があった').click()
    await page.getByRole('button', { name: /訂正を届ける/ }).click()
    await expect(state(page)).toContainText('未送信 1件')
    await expect(state(page)).not.toContainText('届けました')
    bff.mock.faults.length = 0
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await expect(state(page)).toContainText(/10:4\d に12番の訂正を届けました/)
    await expect(state(page)).toContainText('確定 8:21')
    await looks(page, `roll-corrected-${size === PHONE ? 'phone' : 'desk'}`)
    await page.reload()
    await expect(state(page)).toContainText(/10:4\d に12番の訂正を届けました/)
  })

test('a correction that was taken is said although the roll cannot be read again', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  bff.mock.tell = () => undefined
  bff.mock.faults.push({ path: 'GET /api/classes', drop: true })
  await presses(page, '1', '2', 'c')
  await expect(page.getByRole('dialog')).toBeVisible()
  await presses(page, '1', 'Enter')
  await expect(state(page)).toContainText('12番の訂正を届けました')
})

test('a correction that meets another is not said to have arrived', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  await expect(page.getByRole('dialog')).toBeVisible()
  bff.mock.tell = () => undefined
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { who: '山田 恵' })
  await presses(page, '1', 'Enter')
  await expect(choice(page)).toBeVisible()
  await expect(state(page)).not.toContainText('訂正を届けました')
})

test('a correction that met another goes on with its reason, and the hands are back in the grid', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  await expect(page.getByRole('dialog')).toBeVisible()
  const { tell } = bff.mock
  bff.mock.tell = () => undefined
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { source: 'office', who: '山田 恵', reason: 'told_later' })
  bff.mock.tell = tell
  await presses(page, '3', 'Enter')
  await expect(choice(page)).toBeVisible()
  await presses(page, 'Control+Enter', 'Tab', 'Enter')
  await expect(state(page)).toContainText('12番の訂正を届けました')
  await expect(page.getByRole('dialog')).toHaveCount(0) // she has said why
  const last = JSON.parse(commands(bff).at(-1)!.body) as { marks: { code: string; reason: { code: string } }[] }
  expect(last.marks.map(({ code, reason }) => [code, reason.code])).toEqual([['late', 'came_later']])
  await expect(page.locator('[data-cursor]')).toBeFocused()
  await presses(page, '8', 'c')
  await expect(page.getByRole('dialog')).toContainText('8番')
})

test("another's correction that arrives while the dialog stands is in it, and is passed over only by who has read it", async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('「出席」 → 「遅刻」')
  await presses(page, '3')
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { source: 'office', who: '山田 恵', reason: 'told_later' })
  await expect(dialog).toContainText('「病欠」 → 「遅刻」')
  await expect(dialog).toContainText(/事務室 山田 恵が 8:(19|2\d) に「病欠」としました/)
  await looks(page, 'roll-correction-meanwhile-desk')
  await presses(page, 'Enter')
  await expect(dialog).toContainText('もう一度「訂正を届ける」を押してください')
  expect(commands(bff)).toEqual([])
  await presses(page, 'Enter')
  await expect(state(page)).toContainText('12番の訂正を届けました')
  await expect(choice(page)).toHaveCount(0) // it was read, and not asked twice
  await expect(cell(page, 12)).toContainText('遅刻')
})

test('what is kept and not confirmed yet says so', async ({ page, bff, open }) => {
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 3), 'absent_sick', { source: 'notice', who: '保護者' })
  await open('office', rollPath(bff))
  await ready(page)
  await expect(state(page)).not.toContainText('保存してあります')
  await presses(page, '1', '2', 'c')
  await expect(state(page)).toContainText('1人を入力')
  await presses(page, 'Control+s')
  await expect(state(page)).toContainText(/まだ確定していません1人を保存してあります（8:(19|2\d)）/)
  await presses(page, '1', '3', 'c')
  await expect(state(page)).toContainText('1人を入力')
})

test('a choice that still needs a reason stays until it has one', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  takeAll(bff, bff.mock.town.own, { 12: 'absent_sick' })
  await expect(choice(page)).toBeVisible()
  await page.getByRole('button', { name: '「遅刻」にする' }).click()
  await expect(page.getByRole('dialog')).toContainText('12番')
  await presses(page, 'Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(choice(page)).toBeVisible() // nobody has chosen the other's
  await page.getByRole('button', { name: '「遅刻」にする' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await presses(page, '1', 'Enter')
  await expect(state(page)).toContainText('12番の訂正を届けました')
  await expect(choice(page)).toHaveCount(0)
  await expect(page.locator('[data-cursor]')).toBeFocused()
  await presses(page, '8', 'c')
  await expect(page.getByRole('dialog')).toContainText('8番')
})

test('on a phone after 確定 the numbers are there to correct, and say so', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  takeAll(bff, bff.mock.town.own, { 12: 'absent_sick', 26: 'late' })
  await open('teacher', rollPath(bff))
  await expect(page.getByRole('heading', { name: '番号をえらんで訂正する' })).toBeVisible()
  const look = (number: number) =>
    page.getByRole('button', { name: new RegExp(`^${number}\\D`) }).last().evaluate((tile) => {
      const { backgroundColor, color } = getComputedStyle(tile)
      return { ground: backgroundColor, number: getComputedStyle(tile.firstElementChild!).color, color }
    })
  expect((await look(3)).ground).toBe('rgb(255, 255, 255)')
  expect((await look(3)).number).not.toBe((await look(3)).color) // as every other thing to press
  expect((await look(12)).ground).not.toBe((await look(3)).ground)
  await page.screenshot({ path: 'test-results/look/roll-taken-tiles-phone.png', fullPage: true })
  await page.getByRole('button', { name: /^3\D/ }).last().click()
  await expect(page.getByRole('dialog')).toContainText('つぎにわけを聞きます')
})

test('whoever may only read is not told to correct', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  takeAll(bff)
  await open('principal', rollPath(bff))
  await expect(page.getByRole('heading', { name: '番号からえらぶ' })).toBeVisible()
  await expect(page.getByText('訂正')).toHaveCount(0)
})

test('出席 tells that whoever came late or left early is among them', async ({ page, bff, open }) => {
  takeAll(bff, bff.mock.town.own, { 12: 'late', 26: 'early_leave', 3: 'absent_sick' })
  await open('teacher', rollPath(bff))
  await expect(page.locator('#main dl')).toHaveText(/^出席34うち遅刻1うち早退1欠席1停・忌0未入力0$/)
  await open('principal', schoolPath(bff))
  await expect(page.locator('#main dl').first()).toContainText('出席34うち遅刻1うち早退1欠席1')
})

/** Chooses a mark for a child by two taps. */
async function tap(page: Page, number: number, word: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${number}\\D`) }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: word, exact: true }).click()
}
