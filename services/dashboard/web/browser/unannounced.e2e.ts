/** 連絡なしの子: who is missing without a word, who calls, what came of it, until nobody is left. */
import type { Page } from '@playwright/test'
import { axe, commands, expect, schoolPath, takeAll, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

const list = (page: Page) => page.locator('section', { has: page.getByRole('heading', { name: '連絡なしの子' }) })
const own = (bff: Bff) => bff.mock.town.own
const pupil = (bff: Bff, number: number) => own(bff).members.find((one) => one.number === number && !one.exchange)!.pupil
const called = (bff: Bff, number: number, act: string) => `${'/api'}${schoolPath(bff)}/unannounced/${pupil(bff, number).id}/${act}`

/** 2年1組 is taken: 12番 and 26番 are not here, and nobody knows why. */
function missing(bff: Bff): void {
  takeAll(bff, own(bff), { 12: 'absent_other', 26: 'absent_other', 3: 'absent_sick' })
}

function everybody(bff: Bff): void {
  bff.mock.town.schools[0]!.classes.forEach((one) => takeAll(bff, one))
}

test('the office calls with the keyboard, is seen by the principal, and the list is empty in the end', async ({ page, bff, open, context }) => {
  everybody(bff)
  missing(bff)
  await open('office', schoolPath(bff))
  await expect(list(page).getByRole('status')).toHaveText('連絡なし 2人')
  const first = list(page).getByRole('listitem').filter({ hasText: '12番' })
  await first.getByRole('button', { name: /電話をかける$/ }).focus()
  await page.keyboard.press('Enter')
  await expect(first.getByText('あなたがかけています')).toBeVisible()
  await expect(first.getByRole('group')).toBeFocused()
  await expect(first.getByRole('link', { name: '090-0000-0001' })).toHaveAttribute('href', 'tel:09000000001')

  // Another window, without a reload: who is calling.
  const other = await context.browser()!.newContext()
  await other.addCookies([{ name: 'mock', value: 'principal', url: bff.url }])
  const head = await other.newPage()
  await head.goto(bff.url + schoolPath(bff))
  const theirs = list(head).getByRole('listitem').filter({ hasText: '12番' })
  await expect(theirs.getByText('がかけています')).toBeVisible()
  await expect(theirs.getByRole('link', { name: '090-0000-0001' })).toHaveCount(0)

  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await expect(first.getByRole('button', { name: '母につながらない' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(first.getByText('母に電話：つながらない')).toBeVisible()
  await expect(theirs.getByText('母に電話：つながらない')).toBeVisible()
  await expect(theirs.getByRole('button', { name: '取り消す' })).toHaveCount(0)

  // She is in the library: the office says so, and the child leaves both lists.
  await first.getByRole('button', { name: '登校していた' }).click()
  await expect(list(page).getByRole('status')).toHaveText('連絡なし 1人')
  await expect(theirs).toHaveCount(0)
  const said = commands(bff).find(({ path }) => path.endsWith('/roll'))!
  expect(JSON.parse(said.body)).toEqual({ marks: [{ pupil: pupil(bff, 12).id, seen: 2, code: 'present', reason: { code: 'mistaken_entry', text: null } }], taken: false })

  // What the family of the other says comes over its own way.
  bff.mock.mark(own(bff).class.id, TODAY, pupil(bff, 26).id, 'absent_sick', { source: 'office' })
  await expect(list(page).getByRole('status')).toHaveText('連絡なし 0人')
  await expect(list(head).getByRole('status')).toHaveText('連絡なし 0人')
  await other.close()
})

test('a claim is given back, and one who is called away is stood in for', async ({ page, bff, open }) => {
  missing(bff)
  await open('office', schoolPath(bff))
  const first = list(page).getByRole('listitem').filter({ hasText: '12番' })
  await first.getByRole('button', { name: /電話をかける$/ }).click()
  await first.getByRole('button', { name: /かけるのをやめる$/ }).click()
  await expect(first.getByRole('button', { name: /電話をかける$/ })).toBeVisible()
  bff.mock.calls.act('principal', called(bff, 12, 'claim'), {})
  await expect(first.getByText('校長 一郎さんがかけています')).toBeVisible()
  await first.getByRole('button', { name: /代わる$/ }).click()
  await expect(first.getByText('あなたがかけています')).toBeVisible()
})

test('who is missing stands before every number of the day', async ({ page, bff, open }) => {
  const [first] = bff.mock.town.schools[0]!.classes
  takeAll(bff, own(bff), { 12: 'absent_other', 26: 'absent_other', 3: 'absent_sick', 4: 'absent_sick', 5: 'absent_sick', 6: 'absent_sick', 7: 'absent_sick' })
  takeAll(bff, first!)
  await open('office', schoolPath(bff))
  const [missing_, more, counts] = await Promise.all([list(page), page.getByText('いつもより休みがずっと多い'), page.locator('dl').first()].map(async (one) => (await one.boundingBox())!.y))
  expect(missing_).toBeLessThan(more!)
  expect(missing_).toBeLessThan(counts!)
})

test('two who press at once: the later one is told who calls', async ({ page, bff, open }) => {
  missing(bff)
  await open('office', schoolPath(bff))
  const first = list(page).getByRole('listitem').filter({ hasText: '12番' })
  await expect(first).toBeVisible()
  bff.mock.streams.forEach(({ keys }) => keys.splice(0))
  bff.mock.calls.act('principal', called(bff, 12, 'claim'), {})
  await first.getByRole('button', { name: /電話をかける$/ }).click()
  await expect(first.getByText('ほかの人がかけています')).toBeVisible()
  await expect(first.getByText('校長 一郎さんがかけています')).toBeVisible()
})

test('names of a class that is not taken come when they are asked for', async ({ page, bff, open }) => {
  takeAll(bff, bff.mock.town.schools[0]!.classes[0]!)
  await open('principal', schoolPath(bff))
  await expect(list(page).getByRole('status')).toContainText('学級の確定を待っています')
  expect(bff.mock.requests.filter(({ path }) => path.endsWith('/roll'))).toEqual([])
  await list(page).getByRole('button', { name: '確定していない学級の子の名前を見る' }).click()
  const klass = list(page).getByRole('region').first()
  const child = klass.getByRole('listitem').first()
  const name = (await child.getByRole('button').getAttribute('aria-label'))!.replace('の家に電話をかける', '')
  await child.getByRole('button').click()
  await expect(list(page).getByRole('group', { name: `${name}の家への電話` })).toBeVisible()
  expect(await axe(page)).toEqual([])
})

test('a board that looks at a school sees no names and asks for none', async ({ page, bff, open }) => {
  missing(bff)
  await open('board', schoolPath(bff))
  await expect(page.getByRole('heading', { name: '学級', exact: true })).toBeVisible()
  await expect(list(page)).toHaveCount(0)
  expect(bff.mock.requests.filter(({ path }) => path.endsWith('/unannounced'))).toEqual([])
})

test('on paper the list has no numbers and nothing to press', async ({ page, bff, open }) => {
  missing(bff)
  await open('office', schoolPath(bff))
  const first = list(page).getByRole('listitem').filter({ hasText: '12番' })
  await first.getByRole('button', { name: /電話をかける$/ }).click()
  await expect(first.getByRole('link', { name: '090-0000-0001' })).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(first.getByRole('link', { name: '090-0000-0001' })).toBeHidden()
  await expect(list(page).getByRole('button')).toHaveCount(0)
  await expect(first.getByText('あなたがかけています')).toBeVisible()
})

/** One who is being called for, with what calls have come to, and one for whom nobody calls yet. */
function calling(bff: Bff, who: string): void {
  everybody(bff)
  missing(bff)
  bff.mock.calls.act(who, called(bff, 12, 'claim'), {})
  bff.mock.calls.act('principal', called(bff, 12, 'calls'), { outcome: 'no_answer', relation: 'mother' })
  bff.mock.calls.act('office', called(bff, 12, 'calls'), { outcome: 'left_home', relation: null })
}

looks([
  { name: 'unannounced', role: 'office', path: schoolPath, set: missing, until: '連絡なし 2人' },
  { name: 'unannounced-mine', role: 'office', path: schoolPath, set: (bff) => calling(bff, 'office'), until: '090-0000-0001' },
  { name: 'unannounced-principal', role: 'principal', path: schoolPath, set: (bff) => calling(bff, 'principal'), until: '090-0000-0001' },
  { name: 'unannounced-other', role: 'principal', path: schoolPath, set: (bff) => calling(bff, 'office'), until: 'さんがかけています' },
  { name: 'unannounced-kept', role: 'principal', path: schoolPath, set: (bff) => { missing(bff); bff.mock.calls.kept = 1 }, until: 'うち1人は' },
  { name: 'unannounced-nobody', role: 'office', path: schoolPath, set: everybody, until: '連絡なし 0人' },
  { name: 'unannounced-error', role: 'office', path: schoolPath, set: ({ mock }) => void mock.faults.push({ path: '/unannounced', status: 500 }), until: '連絡なしの子を読み込めません' },
  { name: 'unannounced-no-number', role: 'office', path: schoolPath, set: (bff) => { calling(bff, 'office'); bff.mock.faults.push({ path: '/v1/people', status: 500 }) }, until: '家庭の電話番号を読み込めません' },
])
