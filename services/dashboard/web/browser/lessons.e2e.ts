import { commands, DESK, expect, PHONE, rollPath, takeAll, test, TODAY, type Bff } from './fixtures'
import type { Page } from '@playwright/test'
import { looks, type Look } from './looks'

test.use({ viewport: DESK })

const dayPath = (bff: Bff, lesson?: number) => `/classes/${bff.mock.town.own.class.id}/days/${TODAY}/lessons${lesson === undefined ? '' : `?lesson=${lesson}`}`

/** Six lessons a day, the morning's roll taken: 5番 is ill, 8番 came late. */
const morning = (bff: Bff) => {
  bff.mock.lessons.periods = 6
  takeAll(bff, bff.mock.town.own, { 5: 'absent_sick', 8: 'late' })
}

/** Three lessons are taken; two children's contradict their day. */
const noon = (bff: Bff) => {
  morning(bff)
  const { lessons, town } = bff.mock
  lessons.take(town.own, TODAY, 1, { 5: 'away', 8: 'away', 12: 'away' }, 'maths')
  lessons.take(town.own, TODAY, 2, { 5: 'away', 8: 'late', 12: 'away' }, 'music')
  lessons.take(town.own, TODAY, 3, { 12: 'away', 20: 'left' })
}

const child = (page: Page, number: number) => page.getByRole('group', { name: new RegExp(`^${number}番`) })

test('where the board has not said so, the roll leads nowhere else', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await expect(page.getByRole('link', { name: '出席簿' }).last()).toBeVisible()
  await expect(page.getByRole('link', { name: '時限ごと' })).toHaveCount(0)
  await page.goto(bff.url + dayPath(bff))
  await expect(page.getByText('時限ごとの出欠をとりません')).toBeVisible()
})

test('from the roll to a lesson, by keys: who is not here, and 確定', async ({ page, bff, open }) => {
  morning(bff)
  await open('teacher', rollPath(bff))
  await page.getByRole('link', { name: '時限ごと' }).click()
  await page.getByRole('button', { name: '1時限の出欠をとる' }).click()
  await expect(child(page, 5).getByRole('radio', { name: '欠課' })).toBeChecked()
  await expect(child(page, 1).getByRole('radio', { name: '出席' })).toBeChecked()
  await expect(child(page, 8).getByRole('radio', { checked: true })).toHaveCount(0)
  await page.getByRole('button', { name: '先に1人を決める' }).click()
  await expect(child(page, 8).getByRole('radio').first()).toBeFocused()
  expect(commands(bff)).toHaveLength(0)
  await page.keyboard.press('c')
  await expect(child(page, 9).getByRole('radio', { name: '出席' })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('k')
  await expect(child(page, 10).getByRole('radio', { name: '欠課' })).toBeChecked()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('link', { name: /^1 ?時限 確定/ })).toBeVisible()
  const sent = JSON.parse(commands(bff)[0]!.body) as { marks: { code: string; seen: number; reason: unknown }[] }
  expect(sent.marks.map(({ code }) => code).filter((code) => code !== 'here')).toEqual(['away', 'late', 'away'])
  expect(sent.marks).toHaveLength(35)
  await expect(page.getByRole('button', { name: '2時限の出欠をとる' })).toBeVisible()
})

test('a lesson opens with its keys at hand: no press to get there, none beside them', async ({ page, bff, open }) => {
  takeAll(bff, bff.mock.town.own, { 5: 'absent_sick' })
  bff.mock.lessons.periods = 6
  await open('teacher', dayPath(bff))
  await page.getByRole('button', { name: '1時限の出欠をとる' }).click()
  await expect(child(page, 1).getByRole('radio', { name: '出席' })).toBeFocused()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('link', { name: /^1 ?時限 確定/ })).toBeVisible()
  // And on to the next one.
  await expect(page.getByRole('button', { name: '2時限の出欠をとる' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(child(page, 1).getByRole('radio', { name: '出席' })).toBeFocused()
})

test('what contradicts the day stands out, says who said it, and is left by the homeroom teacher', async ({ page, bff, open }) => {
  noon(bff)
  await open('teacher', dayPath(bff))
  const block = page.getByRole('listitem').filter({ hasText: '12番' })
  await expect(block).toContainText('欠課がつづいています')
  await expect(block).toContainText('出席（担任など 佐藤 恵')
  await expect(block).toContainText('欠課（田中 誠 9:02）')
  await expect(page.getByText('2人。1日の出欠は、ひとりでには変わりません')).toBeVisible()
  await page.getByRole('button', { name: /このままにする（12番/ }).click()
  await expect(block).toContainText('このままにしてあります')
  await expect(page.getByText('1人。1日の出欠は')).toBeVisible()
  expect(commands(bff).map(({ path }) => path.split('/').at(-1))).toEqual(['settled'])
})

test('a correction asks for a reason, and what somebody else changed is said', async ({ page, bff, open }) => {
  noon(bff)
  await open('teacher', dayPath(bff, 1))
  await expect(page.getByText(/に確定（田中/)).toBeVisible()
  await child(page, 12).getByText('遅れて').click()
  await page.getByRole('button', { name: '1人の訂正を保存する' }).click()
  await expect(page.getByText('わけを選んでください')).toBeVisible()
  expect(commands(bff)).toHaveLength(0)
  await page.getByText('入力の誤り').click()
  bff.mock.lessons.moved = true
  await page.getByRole('button', { name: '1人の訂正を保存する' }).click()
  await expect(page.getByText('ほかの人が印を変えた子がいます')).toBeVisible()
  await child(page, 12).getByText('遅れて').click()
  await page.getByRole('button', { name: '1人の訂正を保存する' }).click()
  await expect(page.getByRole('region', { name: '時限ごとの出欠の表' })).toBeVisible()
  const sent = JSON.parse(commands(bff).at(-1)!.body) as { marks: unknown[]; subject?: string }
  expect('subject' in sent).toBe(false)
  expect(sent.marks).toEqual([expect.objectContaining({ seen: 1, day_seen: null, code: 'late', reason: { code: 'mistaken_entry', text: '' } })])
})

test('a day that was corrected meanwhile sets its proposal aside; what was chosen stays', async ({ page, bff, open }) => {
  morning(bff)
  await open('teacher', dayPath(bff, 1))
  await child(page, 8).getByText('遅れて').click()
  bff.mock.lessons.moved = true
  await page.getByRole('button', { name: '35人の出欠を確定' }).click()
  await expect(page.getByText('1日の出欠が変わった子がいます')).toBeVisible()
  await expect(child(page, 8).getByRole('radio', { name: '遅れて' })).toBeChecked()
  await page.getByRole('button', { name: '35人の出欠を確定' }).click()
  await expect(page.getByRole('link', { name: /^1 ?時限 確定/ })).toBeVisible()
  const sent = JSON.parse(commands(bff).at(-1)!.body) as { marks: { day_seen: number | null }[] }
  expect(sent.marks.filter(({ day_seen }) => day_seen === null)).toHaveLength(1)
})

test('in a closed month even the first entry needs a reason', async ({ page, bff, open }) => {
  morning(bff)
  bff.mock.lessons.closed = true
  await open('teacher', dayPath(bff, 1))
  await child(page, 8).getByText('出席').click()
  await page.getByRole('button', { name: '35人の出欠を確定' }).click()
  await expect(page.getByText('わけを選んでください')).toBeVisible()
  expect(commands(bff)).toHaveLength(0)
})

test('what is not saved is asked about before it is left', async ({ page, bff, open }) => {
  morning(bff)
  await open('teacher', dayPath(bff, 1))
  await child(page, 3).getByText('欠課').click()
  await page.getByRole('link', { name: '1日の表へ' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('まだ保存していません')
  await page.getByRole('button', { name: 'この画面に残る' }).click()
  await expect(child(page, 3).getByRole('radio', { name: '欠課' })).toBeChecked()
})

test('who teaches a subject comes from today, and goes from class to class', async ({ page, bff, open }) => {
  morning(bff)
  await open('nobody', '/today')
  await page.getByRole('link', { name: '時限ごとの出欠をとる' }).click()
  const [, second] = bff.mock.town.schools[0]!.classes
  await page.getByRole('combobox', { name: '学級' }).selectOption(second!.class.id)
  await expect(page).toHaveURL(new RegExp(`/classes/${second!.class.id}/days/${TODAY}/lessons$`))
})

test('a phone takes a lesson by taps', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  morning(bff)
  await open('teacher', dayPath(bff, 2))
  await child(page, 8).getByText('出席').click()
  await child(page, 20).getByText('欠課').click()
  await page.getByRole('button', { name: '35人の出欠を確定' }).click()
  await expect(page.getByRole('link', { name: /^2 ?時限 確定/ })).toBeVisible()
})

const LOOKS: Look[] = [
  { name: 'lessons-off', role: 'teacher', path: (bff) => dayPath(bff), until: '時限ごとの出欠をとりません' },
  { name: 'lessons-morning', role: 'teacher', path: (bff) => dayPath(bff), set: morning, until: '1時限の出欠をとる' },
  { name: 'lessons-noon', role: 'teacher', path: (bff) => dayPath(bff), set: noon, until: 'ひとりでには変わりません' },
  { name: 'lessons-seen', role: 'principal', path: (bff) => dayPath(bff), set: noon, until: '欠課がつづいています', sizes: ['desk'] },
  { name: 'lessons-take', role: 'teacher', path: (bff) => dayPath(bff, 4), set: noon, until: '4時限の出欠' },
  { name: 'lessons-unrecorded', role: 'teacher', path: (bff) => dayPath(bff, 1), set: ({ mock }) => void (mock.lessons.periods = 6), until: '朝の記録がまだ確定していません' },
  {
    name: 'lessons-correct', role: 'teacher', path: (bff) => dayPath(bff, 1), set: noon, until: '訂正のわけ',
    act: async (page) => child(page, 12).getByText('遅れて').click(),
  },
  { name: 'lessons-holiday', role: 'teacher', path: (bff) => dayPath(bff), set: (bff) => (morning(bff), void (bff.mock.lessons.why = 'この日は授業日ではありません。日付を確かめてください。')), until: '授業日ではありません', sizes: ['desk'] },
  { name: 'lessons-empty', role: 'teacher', path: (bff) => dayPath(bff), set: ({ mock }) => void ((mock.empty = true), (mock.lessons.periods = 6)), until: '在籍している子がいません' },
  { name: 'lessons-error', role: 'teacher', path: (bff) => dayPath(bff), set: ({ mock }) => void mock.faults.push({ path: '/periods', status: 503 }), until: 'もう一度読み込む' },
  { name: 'lessons-loading', role: 'teacher', path: (bff) => dayPath(bff), set: ({ mock }) => void mock.faults.push({ path: '/periods', hold: true }), until: '時限ごとの出欠', sizes: ['desk'] },
]

looks(LOOKS)
