/** Overviews of a school and of the board: what stands out first, each group beside what is usual there. */
import type { Page } from '@playwright/test'
import { DESK, expect, schoolPath, takeAll, PHONE, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

const block = (page: Page, title: string) => page.locator('section').filter({ has: page.getByRole('heading', { name: title }) })
const row = (page: Page, title: string, name: string) => block(page, title).getByRole('row').filter({ hasText: name })
const outstanding = (page: Page) => page.getByRole('status').filter({ hasText: 'いつもより休みがずっと多い' })

/** Influenza in one class; one is late. */
function flu(bff: Bff): void {
  const [first, second] = bff.mock.town.schools[0]!.classes
  takeAll(bff, bff.mock.town.own, { 2: 'absent_sick', 5: 'absent_sick', 8: 'suspended', 9: 'suspended', 11: 'suspended', 12: 'suspended', 20: 'absent_other', 26: 'late' })
  takeAll(bff, first!, { 4: 'absent_sick' })
  takeAll(bff, second!)
}

test('a class far above what is usual stands first, with the rule in words, and leads to its roll', async ({ page, bff, open }) => {
  flu(bff)
  await open('principal', schoolPath(bff))
  await expect(outstanding(page).getByRole('listitem')).toHaveText(['2年1組休み 7人（20%）・いつもは 3%'])
  await expect(outstanding(page)).toContainText('前の20授業日のまん中の値とくらべて、2倍以上で3人以上多いところです。いつもが1人に満たないところは、1人としてくらべます。')
  await expect(outstanding(page).getByRole('link', { name: '2年1組' })).toHaveAttribute('href', new RegExp(`/days/${TODAY}/roll`))
  await expect(row(page, '学級', '2年1組')).toContainText('20% 多い （3%）')
  await expect(row(page, '学級', '1年1組')).toContainText('4% （3%）')
  await expect(block(page, '休みの理由').locator('dt, dd')).toHaveText(['病欠', '3', '事故欠', '1', '出席停止', '4'])
})

test('one goes from the school to a grade, to a class, to its roll, by keyboard', async ({ page, bff, open }) => {
  flu(bff)
  await page.setViewportSize(DESK)
  await open('principal', schoolPath(bff))
  const grade = row(page, '学年ごとの割合', '2年').getByRole('link')
  await grade.focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/grade=P2/)
  await expect(block(page, '学級').getByRole('rowheader')).toHaveText(['2年2組', '2年1組'])
  await expect(page.getByText('2年だけを出しています')).toBeVisible()
  const klass = row(page, '学級', '2年1組').getByRole('link')
  await klass.focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/roll$/)
  await page.goBack()
  await page.getByRole('link', { name: '全部の学級を出す' }).click()
  await expect(block(page, '学級').getByRole('rowheader')).toHaveCount(13)
})

test('with too few days nothing is called usual, and the page says so', async ({ page, bff, open }) => {
  flu(bff)
  bff.mock.usual = { days: 4, away: 0.03, late: 0.01 }
  await open('principal', schoolPath(bff))
  await expect(page.getByText('まだ5日分ないので、出していません。')).toBeVisible()
  await expect(outstanding(page)).toHaveCount(0)
  await expect(page.getByText('（3%）')).toHaveCount(0)
})

test('beside a rate stands how many classes are confirmed, until all are', async ({ page, bff, open }) => {
  flu(bff)
  for (const [who, path, all] of [['principal', schoolPath(bff), '学校全体'], ['board', '/board', '市全体']] as const) {
    await open(who, path)
    await expect(row(page, '学年ごとの割合', all)).toContainText(/\d学級中3学級が確定/)
    await expect(row(page, '学年ごとの割合', '2年')).toContainText(/\d学級中1学級が確定/)
    await expect(row(page, '学年ごとの割合', '3年')).toContainText(/\d学級中0学級が確定/)
  }
  for (const one of bff.mock.town.schools.flatMap(({ classes }) => classes)) takeAll(bff, one)
  await page.reload()
  await expect(page.getByText('全学校の記録がそろいました')).toBeVisible()
  await expect(page.getByText(/学級中/)).toHaveCount(0)
})

test('early in the day a rate is of the confirmed classes, and says so', async ({ page, bff, open }) => {
  const [first, second] = bff.mock.town.schools[0]!.classes
  takeAll(bff, first!, { 1: 'absent_sick', 2: 'absent_sick', 3: 'late' })
  // Nobody has confirmed 1年2組: one of it is known to be away, and it is no class without absences.
  bff.mock.mark(second!.class.id, TODAY, second!.members[0]!.pupil.id, 'absent_sick')
  const of = first!.members.filter(({ exchange }) => !exchange).length
  const [share, late] = [Math.round(200 / of), Math.round(100 / of)]
  for (const [who, path, all] of [['principal', schoolPath(bff), '学校全体'], ['board', '/board', '市全体']] as const) {
    await open(who, path)
    await expect(row(page, '学年ごとの割合', all)).toContainText(`${share}% （3%）`)
    await expect(row(page, '学年ごとの割合', all)).toContainText(`${late}% （1%）`)
    await expect(row(page, '学年ごとの割合', '1年')).toContainText(`${share}% （3%）`)
    await expect(page.getByText('きょうの割合も、出欠を確定した学級だけのものです。')).toBeVisible()
  }
  await open('principal', schoolPath(bff))
  await expect(row(page, '学級', '1年2組')).toContainText('― （3%）')
})

test('fewer than twenty days are said', async ({ page, bff, open }) => {
  bff.mock.usual = { days: 12, away: 0.03, late: 0.01 }
  await open('principal', schoolPath(bff))
  await expect(page.getByText('いまは12日分から出しています。')).toBeVisible()
})

test('a mark that is entered elsewhere is on the page by itself', async ({ page, bff, open }) => {
  flu(bff)
  await open('board', '/board')
  await expect(outstanding(page).getByRole('listitem')).toHaveText(['第一小学校 2年1組休み 7人（20%）・いつもは 3%'])
  bff.mock.mark(bff.mock.town.own.class.id, TODAY, bff.mock.town.own.members[29]!.pupil.id, 'absent_sick')
  await expect(outstanding(page).getByRole('listitem')).toHaveText(['第一小学校 2年1組休み 8人（23%）・いつもは 3%'])
})

test('the board goes down to a class in numbers, names nobody, and is not told of a small class', async ({ page, bff, open }) => {
  flu(bff)
  bff.mock.small = true
  await open('board', '/board')
  await outstanding(page).getByRole('link').click()
  await expect(page).toHaveURL(/grade=P2/)
  await expect(row(page, '学級', '2年1組')).toContainText('20% 多い')
  await expect(row(page, '学級', '2年1組').getByRole('link')).toHaveCount(0)
  await expect(page.getByRole('heading', { name: '欠席・遅刻などの子' })).toHaveCount(0)
  await page.getByRole('link', { name: '全部の学級を出す' }).click()
  await expect(row(page, '学級', 'しらかば1組').getByRole('cell').filter({ hasText: '―' })).toHaveCount(7)
  await expect(page.getByText('5人未満の学級や学年（1学級）は、人数を出しません。')).toBeVisible()
})

for (const [who, path] of [['principal', schoolPath], ['board', () => `/board/days/${TODAY}`]] as const)
  test(`on a phone no column of a ${who}'s tables is cut`, async ({ page, bff, open }) => {
    flu(bff)
    await page.setViewportSize(PHONE)
    await open(who, path(bff))
    const tables = page.getByRole('region').filter({ has: page.getByRole('table') })
    await expect(tables.filter({ has: page.getByRole('columnheader', { name: '遅刻（いつも）' }) })).not.toHaveCount(0)
    // A pixel is rounding; a column is dozens of them.
    expect(await tables.evaluateAll((all) => all.map((one) => one.scrollWidth - one.clientWidth).filter((over) => over > 1))).toEqual([])
  })

for (const [who, path] of [['principal', schoolPath], ['board', () => `/board/days/${TODAY}`]] as const)
  test(`on one A4 sheet a ${who} reads all of it`, async ({ page, bff, open }, info) => {
    flu(bff)
    await open(who, path(bff))
    await expect(outstanding(page)).toBeVisible()
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 718, height: 1000 }) // A4 less its margins
    await page.screenshot({ path: `${info.project.outputDir}/look/overview-${who}-a4.png`, fullPage: true })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    await expect(block(page, '学年ごとの割合')).toBeVisible()
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length).toBeLessThanOrEqual(2)
  })

looks([
  { name: 'overview-school', role: 'principal', path: schoolPath, set: flu, until: 'いつもより休みがずっと多い', whole: true },
  { name: 'overview-grade', role: 'principal', path: (bff) => `${schoolPath(bff)}?grade=P2`, set: flu, until: '2年だけを出しています', whole: true },
  { name: 'overview-few-days', role: 'office', path: schoolPath, set: (bff) => void (bff.mock.usual = { days: 3, away: 0, late: 0 }), until: '出していません', whole: true },
  { name: 'overview-board', role: 'board', path: () => '/board', set: flu, until: 'いつもより休みがずっと多い', whole: true },
  {
    name: 'overview-board-school', role: 'board', path: schoolPath, until: '5人未満の学級',  whole: true,
    set: (bff) => {
      flu(bff)
      bff.mock.small = true
    },
  },
])
