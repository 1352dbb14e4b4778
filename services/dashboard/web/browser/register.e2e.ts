import { commands, DESK, expect, PHONE, rollPath, test, type Bff } from './fixtures'
import type { Page } from '@playwright/test'
import { looks, type Look } from './looks'

test.use({ viewport: DESK })

const monthPath = (bff: Bff, sheet = '2026-11') => `/classes/${bff.mock.town.own.class.id}/register/${sheet}`

test('a homeroom teacher reaches the month from the rail and from the roll', async ({ page, bff, open }) => {
  await open('teacher', '/today')
  await page.getByRole('link', { name: '出席簿' }).click()
  await expect(page).toHaveURL(new RegExp(`${monthPath(bff)}$`))
  await expect(page.getByRole('row')).toHaveCount(1 + 35 + 6)
  await expect(page.locator('tfoot').getByRole('rowheader')).toHaveText(['出席', '欠席', '出停・忌引等', '遅刻', '早退', '学級の計'])
  await page.goto(bff.url + rollPath(bff))
  await page.getByRole('link', { name: '出席簿' }).last().click()
  await expect(page).toHaveURL(new RegExp(`${monthPath(bff)}$`))
})

test('the office goes to a class of its school, and from one class to another', async ({ page, bff, open }) => {
  await open('office', '/register')
  const [first, second] = bff.mock.town.schools[0]!.classes
  await expect(page).toHaveURL(new RegExp(`/classes/${first!.class.id}/register/2026-11$`))
  await page.getByRole('combobox', { name: '学級' }).selectOption(second!.class.id)
  await expect(page).toHaveURL(new RegExp(`/classes/${second!.class.id}/register/2026-11$`))
})

test('who comes back finds the class and the month they left, until they sign out', async ({ page, bff, open }) => {
  await open('office', '/register')
  const [first, second] = bff.mock.town.schools[0]!.classes
  await page.getByRole('combobox', { name: '学級' }).selectOption(second!.class.id)
  await expect(page.getByRole('table')).toBeVisible()
  await page.getByRole('link', { name: '前の月' }).click()
  await expect(page.getByRole('columnheader', { name: /^31/ })).toBeVisible()
  const left = new RegExp(`/classes/${second!.class.id}/register/2026-10$`)
  await expect(page).toHaveURL(left)
  await page.getByRole('link', { name: '名簿', exact: true }).click()
  await expect(page).toHaveURL(/people$/)
  await page.reload()
  await page.getByRole('link', { name: '出席簿' }).click()
  await expect(page).toHaveURL(left)
  await open('principal', '/register')
  await expect(page, 'what another person left is theirs').toHaveURL(new RegExp(`/classes/${first!.class.id}/register/2026-11$`))
})

test('a class that is not open any more is not come back to', async ({ page, bff, open }) => {
  await open('teacher', '/register')
  await expect(page.getByRole('table')).toBeVisible()
  const other = bff.mock.town.schools[0]!.classes.at(-1)!.class.id
  await page.evaluate((to) => sessionStorage.setItem(Object.keys(sessionStorage)[0]!, to), `/classes/${other}/register/2026-10`)
  await page.goto(`${bff.url}/register`)
  await expect(page.getByRole('heading', { name: 'このページは見られません' })).toBeVisible()
  await page.goto(`${bff.url}/register`)
  await expect(page).toHaveURL(new RegExp(`${monthPath(bff)}$`))
})

test('months turn by keys, by buttons and by their names; the year is beside them', async ({ page, bff, open }) => {
  await open('teacher', monthPath(bff))
  const here = page.getByRole('navigation', { name: '月と年間' }).locator('[aria-current]')
  await expect(here).toHaveText('11月')
  await page.keyboard.press('ArrowLeft')
  await expect(here).toHaveText('10月')
  await expect(page.getByRole('columnheader', { name: /^31/ })).toBeVisible()
  await page.keyboard.press('ArrowRight')
  await expect(here).toHaveText('11月')
  await page.getByRole('link', { name: '前の月' }).click()
  await expect(here).toHaveText('10月')
  await page.getByRole('link', { name: '年間' }).click()
  await expect(here).toHaveText('年間')
  await expect(page.getByRole('rowheader', { name: '授業日数' })).toBeVisible()
  await page.keyboard.press('ArrowLeft')
  await expect(here).toHaveText('年間')
})

test('arrows walk over the marks of the sheet, and a mark says who said it', async ({ page, bff, open }) => {
  const { own } = bff.mock.town
  bff.mock.mark(own.class.id, '2026-11-10', own.members[1]!.pupil.id, 'late', { source: 'office', who: '山田 恵' })
  await open('teacher', monthPath(bff))
  const marks = page.getByRole('cell').getByRole('button')
  await marks.first().focus()
  await expect(page.locator(':focus')).toHaveAttribute('data-at', '0-1')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(page.locator(':focus')).toHaveAttribute('data-at', '1-3')
  for (let n = 0; n < 4; n += 1) await page.keyboard.press('ArrowRight')
  await expect(page.locator(':focus')).toHaveAttribute('data-at', '1-9')
  await expect(page.locator('[data-at][tabindex="0"]')).toHaveCount(1)
  await page.keyboard.press('Space')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('事務室')
  await expect(dialog).toContainText('山田 恵')
  await expect.poll(() => dialog.evaluate((node) => node.contains(document.activeElement))).toBe(true)
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.locator(':focus')).toHaveAttribute('data-at', '1-9')
})

test('what is open is named first, with the way to mend it', async ({ page, bff, open }) => {
  bff.mock.register.open = ['2026-11-19', '2026-11-20']
  await open('teacher', monthPath(bff))
  await expect(page.getByText('未入力の子がいる日が2日あります')).toBeVisible()
  await expect(page.getByRole('columnheader', { name: '未入力' })).toBeVisible()
  await page.getByRole('link', { name: '11月19日（35人）' }).click()
  await expect(page).toHaveURL(/\/days\/2026-11-19\/roll$/)
})

test('the sums of the lines are the sums of the class', async ({ page, bff, open }) => {
  await open('principal', monthPath(bff))
  await expect(page.getByRole('row')).toHaveCount(1 + 35 + 6)
  const sum = async (name: string) => (await page.locator(`tbody [data-sum="${name}"]`).allTextContents()).reduce((all, n) => all + Number(n), 0)
  for (const name of ['days', 'apart', 'due', 'absent', 'present', 'late', 'early', 'unrecorded'])
    await expect(page.locator(`tfoot [data-sum="${name}"]`)).toHaveText(String(await sum(name)))
})

test('paper and spreadsheet are one press away, of the sheet that is shown', async ({ page, bff, open }) => {
  await open('office', monthPath(bff))
  const base = `/api/registry/v1/classes/${bff.mock.town.own.class.id}/register`
  await expect(page.getByRole('link', { name: '印刷する', exact: true })).toHaveAttribute('href', `${base}/months/2026-11/pdf`)
  await expect(page.getByRole('link', { name: 'A3で印刷する' })).toHaveAttribute('href', `${base}/months/2026-11/pdf?paper=a3`)
  await page.getByRole('link', { name: '年間' }).click()
  await expect(page.getByRole('link', { name: 'Excelで受け取る' })).toHaveAttribute('href', `${base}/year/xlsx`)
})

test('names and the head stay in sight while a month scrolls on a phone', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await open('teacher', monthPath(bff))
  const name = page.locator('tbody th').first()
  await expect(name).toBeVisible()
  await page.getByRole('region', { name: '出席簿の表' }).evaluate((table) => {
    table.scrollIntoView()
    table.scrollTo(2000, 2000)
  })
  await expect(page.locator('tbody th').last()).toBeInViewport()
  await expect(page.getByRole('columnheader', { name: '早退' })).toBeInViewport()
})

/** A month in which nothing is open. */
const whole = ({ mock }: Bff) => {
  mock.register.open = []
  mock.register.clash = false
}

test('a month that has everything is closed, checked and sent back', async ({ page, bff, open }) => {
  whole(bff)
  await open('teacher', monthPath(bff))
  await page.getByRole('button', { name: '11月分を締める' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('締めたあとの訂正')
  await page.keyboard.press('Escape')
  await expect(page.getByText('点検を待っています')).toHaveCount(0)
  await page.getByRole('button', { name: '11月分を締める' }).click()
  await dialog.getByRole('button', { name: '11月分を締める' }).click()
  await expect(page.getByText('校長・教頭の点検を待っています')).toBeVisible()
  await expect(page.getByRole('button', { name: '差し戻す' })).toHaveCount(0)
})

test('the principal checks, and sends back with a sentence only', async ({ page, bff, open }) => {
  whole(bff)
  bff.mock.register.state = 'closed'
  await open('principal', monthPath(bff))
  await page.getByRole('button', { name: '11月分を点検した' }).click()
  await expect(page.getByText('中村 誠が点検しました。')).toBeVisible()
  await page.getByRole('button', { name: '差し戻す' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: '11月分を差し戻す' }).click()
  await expect(dialog).toContainText('担任への一言を書いてください')
  await dialog.getByRole('textbox').fill('5日を確かめてください')
  await page.keyboard.press('Enter')
  await expect(page.getByText('「5日を確かめてください」')).toBeVisible()
})

test('what somebody else changed meanwhile is not closed unseen', async ({ page, bff, open }) => {
  whole(bff)
  await open('teacher', monthPath(bff))
  await page.getByRole('button', { name: '11月分を締める' }).click()
  bff.mock.register.after = true
  await page.getByRole('dialog').getByRole('button', { name: '11月分を締める' }).click()
  await expect(page.getByRole('dialog')).toContainText('画面を開いたあとに出席簿が変わりました')
  await page.getByRole('dialog').getByRole('button', { name: '11月分を締める' }).click()
  await expect(page.getByText('校長・教頭の点検を待っています')).toBeVisible()
})

/** The second day of the month, of the class's first child: 出席. */
const SECOND = '[data-at="0-1"]'

test('出席扱い is put beside a day by keys, changes no count and has a column of its own', async ({ page, bff, open }) => {
  whole(bff)
  await open('teacher', monthPath(bff))
  const sum = (name: string) => page.locator(`tfoot [data-sum="${name}"]`)
  const before = await Promise.all(['present', 'absent', 'apart', 'due'].map((name) => sum(name).textContent()))
  await expect(page.getByRole('columnheader', { name: '出席扱い' })).toHaveCount(0)
  await page.locator(SECOND).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog, 'nothing of it was touched').toBeFocused()
  await page.keyboard.press('1')
  await expect(dialog.getByRole('radio', { name: /教育支援センター/ }).first()).toBeChecked()
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(page.locator(SECOND)).toHaveText('扱')
  await expect(page.locator(SECOND)).toHaveAccessibleName(/出席扱い（教育支援センター）/)
  await expect(sum('credited')).toHaveText('1')
  expect(await Promise.all(['present', 'absent', 'apart', 'due'].map((name) => sum(name).textContent()))).toEqual(before)
  await page.locator(SECOND).click()
  await expect(dialog).toContainText('佐藤 恵')
  await dialog.getByRole('radio', { name: /なし/ }).focus()
  await page.keyboard.press('0')
  await page.keyboard.press('Enter')
  await expect(page.locator(SECOND)).toHaveText('・')
})

test('saving what was not changed says so and sends nothing', async ({ page, bff, open }) => {
  whole(bff)
  await open('teacher', monthPath(bff))
  await page.locator(SECOND).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: '印を保存する' }).click()
  await expect(dialog.getByRole('status')).toContainText('印を変えていない')
  expect(commands(bff)).toEqual([])
  await page.keyboard.press('1')
  await expect(dialog.getByRole('status')).toHaveCount(0)
  await page.keyboard.press('Enter')
  await expect(page.locator(SECOND)).toHaveText('扱')
})

test('a mark that somebody else changed meanwhile is not written over', async ({ page, bff, open }) => {
  whole(bff)
  bff.mock.register.besideMoved = true
  await open('office', monthPath(bff))
  await page.locator(SECOND).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /保健室/ }).focus()
  await page.keyboard.press('5')
  await page.keyboard.press('Enter')
  await expect(dialog).toContainText('ほかの人がこの印を変えました')
})

test('whose death a 忌引 is for is said on one of its days, with how many the board allows; the fourth is told', async ({ page, bff, open }) => {
  whole(bff)
  bff.mock.register.bereaved = true
  await open('teacher', monthPath(bff))
  await expect(page.getByText('市の定めより長い忌引')).toHaveCount(0)
  await page.locator('[data-at="0-3"]').focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('radiogroup', { name: '忌引の続柄' })).toContainText('祖父母（3日まで）')
  await expect(dialog.getByRole('radio', { name: /教育支援センター/ })).toHaveCount(0)
  await dialog.getByRole('radio', { name: /なし/ }).focus()
  await page.keyboard.press('2')
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(page.locator('[data-at="0-3"]')).toHaveAccessibleName(/忌引 続柄（祖父母）/)
  await expect(page.locator('[data-at="0-3"]')).toHaveText('忌')
  await expect(page.getByText('祖父母は3日まで、続けて5日')).toBeVisible()
  await page.getByRole('button', { name: /.+ 11月9日$/ }).first().click()
  await expect(dialog).toContainText('忌引の続柄')
})

test('days of the former school are entered from its paper, stand apart and added up, and are corrected with a reason', async ({ page, bff, open }) => {
  whole(bff)
  await open('office', monthPath(bff, 'year'))
  const total = page.locator('tfoot tr').first().locator('[data-sum="days"]')
  const before = await total.textContent()
  const { pupil } = bff.mock.town.own.members.find(({ number }) => number === 34)!
  await page.getByRole('button', { name: /前の学校の日数を入れる/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('前の学校', { exact: false }).first().fill('隣市立西小学校')
  await dialog.getByLabel('書類の日付').fill('11/9')
  await dialog.getByLabel('授業日数').fill('１２０日')
  await dialog.getByLabel('出席停止・忌引等の日数').fill('3')
  await dialog.getByLabel('欠席日数').fill('7')
  await expect(dialog.getByText('出席しなければならない日数 117日、出席日数 110日')).toBeVisible()
  await dialog.getByRole('button', { name: '前の学校の日数を保存する' }).click()
  await expect(dialog).toHaveCount(0)
  expect(bff.mock.register.former.get(pupil.id)).toMatchObject({ said: { school: '隣市立西小学校', source: 'record_copy', told_on: '2026-11-09', days: 120, apart: 3, absent: 7, late: 0, early: 0 } })
  await expect(page.getByRole('row', { name: /前の学校/ }).locator('[data-sum="present"]')).toHaveText('110')
  await expect(page.getByRole('row', { name: /合わせて/ })).toBeVisible()
  await expect(total, "the class's own sums stay").toHaveText(before!)
  await page.getByRole('button', { name: /前の学校の日数を直す/ }).click()
  await dialog.getByLabel('授業日数').fill('121')
  await expect(dialog.getByRole('button', { name: '前の学校の日数を保存する' })).toHaveAttribute('aria-disabled', 'true')
  await dialog.getByLabel('直すわけ').fill('読み違い')
  await dialog.getByRole('button', { name: '前の学校の日数を保存する' }).click()
  await expect(dialog).toHaveCount(0)
  expect(bff.mock.register.former.get(pupil.id)).toMatchObject({ revision: 2, reason: '読み違い', said: { days: 121 } })
  bff.mock.register.changedClasses = true
  await open('principal', monthPath(bff, 'year'))
  await expect(page.getByText('隣市立西小学校')).toBeVisible()
  await expect(page.getByRole('row', { name: /前の学校/ })).toContainText('もう一つの学級にあります')
  await expect(page.getByRole('row', { name: /合わせて/ })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /前の学校の日数/ })).toHaveCount(0)
})

test('in a closed month a mark beside a day asks why', async ({ page, bff, open }) => {
  whole(bff)
  bff.mock.register.state = 'closed'
  await open('teacher', monthPath(bff))
  await page.locator(SECOND).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /保健室/ }).focus()
  await page.keyboard.press('5')
  await page.keyboard.press('Enter')
  await expect(dialog).toContainText('わけを選んでください')
  await expect(dialog.getByRole('radiogroup', { name: '訂正のわけ' })).toBeVisible()
  await expect(dialog.getByText('わけ', { exact: true }), 'one heading each').toHaveCount(0)
  await dialog.getByText('入力の誤り').click()
  await page.keyboard.press('4')
  await expect(dialog.getByRole('radio', { name: /校内教育支援センター/ })).toBeFocused()
  await page.keyboard.press('5')
  await dialog.getByRole('button', { name: '印を保存する' }).click()
  await expect(page.locator(SECOND)).toHaveText('別')
})

test('who closed a month is told that somebody else checks it', async ({ page, bff, open }) => {
  whole(bff)
  Object.assign(bff.mock.register, { state: 'closed', own: true })
  await open('teacher', monthPath(bff))
  await expect(page.getByText('点検は、締めた人ではない校長・教頭がします')).toBeVisible()
})

test("the school's month is asked for, watched and received; a class that is not closed is named", async ({ page, bff, open }) => {
  whole(bff)
  await open('office', monthPath(bff))
  await page.getByRole('button', { name: '全学級をまとめて印刷' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('まだ締めていない学級が')
  await dialog.getByText('A3', { exact: true }).click()
  await dialog.getByRole('button', { name: '印刷用のファイルをつくる' }).click()
  await expect(dialog.getByRole('progressbar')).toBeVisible()
  expect(bff.mock.register.bundles).toMatchObject([{ month: '2026-11', paper: 'a3' }])
  Object.assign(bff.mock.register.bundles[0]!, { read: 3, of: 12 })
  await expect(dialog.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '25')
  Object.assign(bff.mock.register.bundles[0]!, { state: 'ready', sheets: 12, read: 0, of: 0 })
  await expect(dialog.getByRole('link', { name: '受け取る' })).toHaveAttribute('href', /\/register\/bundles\/b0\/pdf$/)
})

test('printing of a school is ended, and teachers are not offered it', async ({ page, bff, open }) => {
  whole(bff)
  bff.mock.register.bundles = [{ id: 'b9', month: '2026-11', paper: 'a4', state: 'writing', made_at: '2026-11-20T16:05:00+09:00', read: 1, of: 12, sheets: 0, stopped: null }]
  await open('principal', monthPath(bff))
  await page.getByRole('button', { name: '全学級をまとめて印刷' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '印刷を取りやめる' }).click()
  await expect(page.getByRole('dialog').getByRole('button', { name: '印刷用のファイルをつくる' })).toBeVisible()
  await open('teacher', monthPath(bff))
  await expect(page.getByRole('link', { name: '印刷する', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: '全学級をまとめて印刷' })).toHaveCount(0)
})

const bundled = (file: object) => (bff: Bff) => {
  whole(bff)
  bff.mock.register.bundles = [{ id: 'b9', month: '2026-11', paper: 'a4', made_at: '2026-11-20T16:05:00+09:00', read: 0, of: 0, sheets: 0, stopped: null, ...file }]
}
const toBundle = async (page: Page) => page.getByRole('button', { name: '全学級をまとめて印刷' }).click()

/** Marks beside some days of the first children. */
const marked = (bff: Bff) => {
  whole(bff)
  const { register, town } = bff.mock
  const marks = [[0, '02', 'credited_centre'], [0, '05', 'credited_centre'], [1, '04', 'room_nurse'], [2, '06', 'credited_ict']] as const
  for (const [n, day, code] of marks) register.beside.set(`${town.own.members[n]!.pupil.id} 2026-11-${day}`, { code, seen: 1 })
}

const former = (bff: Bff) => {
  whole(bff)
  const { register, town } = bff.mock
  const { pupil } = town.own.members.find(({ number }) => number === 34)!
  register.former.set(pupil.id, { reason: '', revision: 1, said: { school: '隣市立西小学校', source: 'record_copy', told_on: '2026-11-09', days: 120, apart: 3, absent: 7, late: 2, early: 1 } })
}

const bereaved = (bff: Bff) => {
  whole(bff)
  const { register, town } = bff.mock
  register.bereaved = true
  register.beside.set(`${town.own.members[0]!.pupil.id} 2026-11-04`, { code: 'kin_grandparent', seen: 1 })
}

const SHEETS: Look[] = [
  { name: 'register-bundle-ask', role: 'office', path: (bff) => monthPath(bff), set: whole, until: '用紙', act: toBundle },
  { name: 'register-bundle-writing', role: 'office', path: (bff) => monthPath(bff), set: bundled({ state: 'writing', read: 7, of: 12 }), until: '7 / 12 学級', act: toBundle },
  { name: 'register-bundle-ready', role: 'office', path: (bff) => monthPath(bff), set: bundled({ state: 'ready', sheets: 12 }), until: '受け取れます', act: toBundle },
  { name: 'register-bundle-stopped', role: 'office', path: (bff) => monthPath(bff), set: bundled({ state: 'stopped', stopped: '途中で、わけを言わずに終わりました。' }), until: '途中で', act: toBundle },
  { name: 'register-former', role: 'office', path: (bff) => monthPath(bff, 'year'), set: former, until: '隣市立西小学校', whole: true },
  {
    name: 'register-former-entry', role: 'office', path: (bff) => monthPath(bff, 'year'), set: former, until: '直すわけ',
    act: async (page) => page.getByRole('button', { name: /前の学校の日数を直す/ }).click(),
  },
  {
    name: 'register-kin', role: 'teacher', path: (bff) => monthPath(bff), set: bereaved, until: '続柄は、出席簿を見る人のほかには',
    act: async (page) => page.locator('[data-at="0-3"]').click(),
  },
  { name: 'register-over', role: 'teacher', path: (bff) => monthPath(bff), set: bereaved, until: '市の定めより長い忌引' },
  { name: 'register-beside', role: 'teacher', path: (bff) => monthPath(bff), set: marked, until: '扱 出席扱い' },
  {
    name: 'register-beside-entry', role: 'teacher', path: (bff) => monthPath(bff), set: marked, until: '印を付けても',
    act: async (page) => page.locator(SECOND).click(),
  },
  {
    name: 'register-beside-closed', role: 'teacher', path: (bff) => monthPath(bff), set: (bff) => (marked(bff), void (bff.mock.register.state = 'closed')), until: '入力の誤り',
    act: async (page) => page.locator(SECOND).click(),
  },

  { name: 'register', role: 'teacher', path: (bff) => monthPath(bff), until: '未入力の子がいる日が1日' },
  { name: 'register-year', role: 'principal', path: (bff) => monthPath(bff, 'year'), until: '月の欄は欠席日数です' },
  { name: 'register-ahead', role: 'office', path: (bff) => monthPath(bff, '2027-02'), until: 'まだ始まっていません', sizes: ['desk'] },
  { name: 'register-unplanned', role: 'office', path: (bff) => monthPath(bff), set: ({ mock }) => void (mock.register.planned = false), until: '年間予定がまだない' },
  { name: 'register-empty', role: 'teacher', path: (bff) => monthPath(bff), set: ({ mock }) => void (mock.empty = true), until: '在籍している子がいません' },
  { name: 'register-no-right', role: 'substitute', path: (bff) => monthPath(bff), until: 'このページは見られません' },
  { name: 'register-error', role: 'teacher', path: (bff) => monthPath(bff), set: ({ mock }) => void mock.faults.push({ path: '/register/months', status: 503 }), until: 'もう一度読み込む' },
  { name: 'register-loading', role: 'teacher', path: (bff) => monthPath(bff), set: ({ mock }) => void mock.faults.push({ path: '/register/months', hold: true }), until: '出席簿' },
  { name: 'register-may-close', role: 'teacher', path: (bff) => monthPath(bff), set: whole, until: '11月の授業日がすべて入りました' },
  { name: 'register-not-over', role: 'teacher', path: (bff) => monthPath(bff), set: (bff) => void ((bff.mock.register.ahead = true), (bff.mock.register.unconfirmed = ['2026-11-18', '2026-11-19'])), until: 'まだ確定していない日が2日' },
  {
    name: 'register-closing', role: 'teacher', path: (bff) => monthPath(bff), set: whole, until: '開き直せるのは',
    act: async (page) => page.getByRole('button', { name: '11月分を締める' }).click(),
  },
  { name: 'register-closed', role: 'principal', path: (bff) => monthPath(bff), set: (bff) => (whole(bff), void (bff.mock.register.state = 'closed')), until: '点検を待っています' },
  { name: 'register-returned', role: 'teacher', path: (bff) => monthPath(bff), set: ({ mock }) => void (mock.register.state = 'returned'), until: '差し戻しました' },
  {
    name: 'register-after', role: 'principal', path: (bff) => monthPath(bff), until: 'もう一度点検が要ります', whole: true,
    set: (bff) => (whole(bff), void Object.assign(bff.mock.register, { state: 'checked', current: false, after: true })),
    act: async (page) => page.getByText('締めたあとに変わった日').scrollIntoViewIfNeeded(),
  },
  {
    name: 'register-return', role: 'principal', path: (bff) => monthPath(bff), until: '担任への一言', set: (bff) => (whole(bff), void (bff.mock.register.state = 'closed')),
    act: async (page) => page.getByRole('button', { name: '差し戻す' }).click(),
  },
  {
    name: 'register-why', role: 'teacher', path: (bff) => monthPath(bff), until: 'この日の朝の記録を開く',
    set: ({ mock }) => mock.mark(mock.town.own.class.id, '2026-11-10', mock.town.own.members[6]!.pupil.id, 'late', { source: 'notice', who: '母' }),
    act: async (page) => page.getByRole('button', { name: /11月10日/ }).first().click(),
  },
]

looks(SHEETS)
