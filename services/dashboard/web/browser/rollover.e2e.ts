/** 年度更新 in a browser: seen before it is true, confirmed, applied, taken back. */
import { commands, DESK, expect, PHONE, test, type Bff } from './fixtures'
import { looks } from './looks'

const ODD = (bff: Bff) => [{ school: bff.mock.town.schools[1]!.school.id, name: '第二小学校', kind: 'without_class' as const, number: 388, of: 388 }]
const schoolPath = (bff: Bff, place = 0) => `/schools/${bff.mock.town.schools[place]!.school.id}/rollover/2027`


/** What a city of twenty thousand makes of it. */
function city({ mock: { rollover } }: Bff): void {
  rollover.looked()
  const { schools, total, ...more } = rollover.look!.found
  const many = { here: 19_990, pupils: 20_012, changed: 25_310, without_class: 10_204, nowhere: 1_822 }
  rollover.looked('ready', { found: { ...more, schools: schools!.map((one) => ({ ...one, name: `${one.name}・さくらがおか分校` })), total: { ...total!, ...many } } })
}

test.describe('the work', () => {
  test.beforeEach(({ page }) => page.setViewportSize(DESK))

  test('looked at, applied, taken back; nothing before it is asked for', async ({ page, bff, open }) => {
    await open('board', '/rollover')
    await expect(page).toHaveURL(/\/rollover\/2027$/)
    await page.getByRole('button', { name: 'どうなるかを確かめる' }).click()
    await expect(page.getByRole('row', { name: /^第一小学校/ })).toContainText('514')
    expect(commands(bff).map(({ path }) => path)).toEqual(['/api/registry/v1/rollover/2027/looks'])
    await page.getByRole('button', { name: '年度更新を適用する（変わる人980人）' }).click()
    await expect(page.getByText('適用しました。4月1日になると、このとおりになります')).toBeVisible()
    expect(JSON.parse(commands(bff).at(-1)!.body)).toEqual({ preview: 'p1', confirm_surprises: false })
    await page.getByRole('button', { name: '元に戻す' }).click()
    await page.getByRole('button', { name: '適用する前に戻す' }).click()
    await expect(page.getByRole('row', { name: /年度更新 1/ })).toContainText('元に戻しました')
    expect(commands(bff).at(-1)!.path).toBe('/api/registry/v1/rollover/runs/1/revert')
    await expect(page.getByRole('button', { name: 'どうなるかを確かめる' })).toBeVisible()
  })

  test('what hardly anybody wants is not applied before somebody has said so', async ({ page, bff, open }) => {
    bff.mock.rollover.surprises = ODD(bff)
    bff.mock.rollover.looked()
    await open('board', '/rollover/2027')
    const apply = page.getByRole('button', { name: '年度更新を適用する（変わる人980人）' })
    await apply.focus()
    await page.keyboard.press('Enter')
    expect(commands(bff)).toEqual([])
    await page.getByRole('checkbox', { name: '確かめました。このまま適用してよい' }).check()
    await apply.click()
    await expect(page.getByText('適用しました。4月1日になると、このとおりになります')).toBeVisible()
    expect(JSON.parse(commands(bff)[0]!.body)).toEqual({ preview: 'p1', confirm_surprises: true })
  })

  test('a refusal is said where the button is, and nothing has begun', async ({ page, bff, open }) => {
    bff.mock.rollover.looked()
    bff.mock.faults.push({ path: 'POST', status: 409, body: { type: 'x', title: '確かめたあとで名簿か学級の案が変わりました', status: 409, detail: 'いまの見通しを確かめてから、もう一度適用してください。', errors: [] } })
    await open('board', '/rollover/2027')
    await page.getByRole('button', { name: /年度更新を適用する/ }).click()
    await expect(page.getByText('確かめたあとで名簿か学級の案が変わりました')).toBeVisible()
    expect(bff.mock.rollover.runs).toEqual([])
  })

  test('what cannot be taken back says why, and offers nothing', async ({ page, bff, open }) => {
    bff.mock.rollover.run()
    bff.mock.rollover.revert = { may: false, why: 'あとで変えられた在籍・学級・職務が2件あります。新しいほうを先に戻してください。' }
    await open('board', '/rollover/2027')
    await page.getByRole('button', { name: '元に戻す' }).click()
    await expect(page.getByText('あとで変えられた在籍・学級・職務が2件あります')).toBeVisible()
    await expect(page.getByRole('button', { name: '適用する前に戻す' })).toHaveCount(0)
  })

  test('what is taken back is under way or taken back, never both; what a colleague does is there by itself', async ({ page, bff, open }) => {
    bff.mock.rollover.held = true
    const run = bff.mock.rollover.run({ working: true, back: true, parts_done: 0, part: '第一中' })
    await open('board', '/rollover/2027')
    await expect(page.getByText('元に戻しています 0 / 12')).toBeVisible() // asked for, and not begun
    await expect(page.getByText('第一中を終えました')).toHaveCount(0)
    await expect(page.getByText('自動で更新')).toBeVisible()
    await expect(page.getByRole('row', { name: /年度更新 1/ })).toContainText('進んでいます')
    bff.mock.rollover.runs = [{ ...run, state: 'reverted', working: false, reverted_by: '山田 恵', reverted_at: '2027-03-11T09:00:00+09:00' }]
    bff.mock.tellOffices()
    await expect(page.getByRole('row', { name: /年度更新 1/ })).toContainText('元に戻しました')
    await expect(page.getByText('元に戻しています')).toHaveCount(0)
    bff.mock.rollover.looked()
    bff.mock.tellOffices()
    await expect(page.getByText('卒業する3人は、3月31日で在籍が終わるので、この数に入りません。')).toBeVisible()
  })

  test('a run that stopped goes on', async ({ page, bff, open }) => {
    bff.mock.rollover.run({ state: 'applying', parts_done: 6, stopped: 'ほかの処理が同時に名簿を変えています。' })
    await open('board', '/rollover/2027')
    await expect(page.getByText('途中で止まっています（6 / 12）')).toBeVisible()
    await page.getByRole('button', { name: '続ける' }).click()
    await expect(page.getByText('適用しました。4月1日になると、このとおりになります')).toBeVisible()
  })

  test('from a school one comes to the children it is about, and to their cards', async ({ page, bff, open }) => {
    bff.mock.rollover.looked()
    await open('board', '/rollover/2027')
    await page.getByRole('row', { name: /^第一小学校/ }).getByRole('link').click()
    await expect(page.getByRole('heading', { name: '進学先が分からない卒業生' })).toBeVisible()
    await expect(page.getByText('ほかに1人いますが、ここには名前を出しません。')).toBeVisible()
    await expect(page.getByRole('link', { name: '学級の案で決める' })).toHaveCount(0)
    const { family, id } = bff.mock.town.own.members[0]!.pupil
    await expect(page.getByRole('link', { name: new RegExp(family) }).first()).toHaveAttribute('href', `/people/${id}`)
  })

  test('a school reads its year as a sum: who leaves, who comes and from where, and as many next year as the board reads', async ({ page, bff, open }) => {
    bff.mock.rollover.looked()
    await open('board', '/rollover/2027')
    const rows = page.getByRole('table').filter({ hasText: 'どうなるか' }).getByRole('row')
    for (const [place, name, lines] of [
      [0, '第一小学校', ['いま（3月31日）在籍する514', '進級する430', '和光中に進む81', '卒業する（進学先が分からない子を含む）3', '第二小学校から来る2', '新しく入る76', '来年度（4月1日）在籍する508', '交流の学級がいまある6']],
      [1, '第二小学校', ['いま（3月31日）在籍する388', '進級する376', '来年度もこの学校と、もう決まっている10', '第一小学校に進む2', '新しく入る2', '来年度（4月1日）在籍する388']],
    ] as const) {
      const told = page.getByRole('row', { name: new RegExp(`^${name}`) })
      await expect(told.getByRole('cell').nth(1)).toHaveText(/(508|388)/)
      expect(lines.find((line) => line.startsWith('来年度（'))).toContain(await told.getByRole('cell').nth(1).innerText())
      await told.getByRole('link').click()
      await expect(page).toHaveURL(new RegExp(schoolPath(bff, place)))
      await expect(rows).toHaveText(['どうなるか人数', ...lines])
      await page.goBack()
    }
  })

  test('a school reaches its own from its classes, and makes those it lacks', async ({ page, bff, open }) => {
    bff.mock.rollover.unplanned = true
    await open('office', '/next-year')
    await page.getByRole('link', { name: '年度更新の見通し' }).click()
    await page.getByRole('link', { name: '学級の案をつくる' }).click()
    await expect(page).toHaveURL(/class-plans\/2027$/)
  })

  test('where the graduates of a school go is said here, of those schools alone that were changed', async ({ page, bff, open }) => {
    await open('board', '/rollover/2027')
    const [first] = bff.mock.town.schools
    await page.getByLabel(first!.school.name).selectOption({ label: '和光中学校' })
    await page.getByRole('button', { name: '進む学校を保存' }).click()
    await expect(page.getByText('保存しました。もう一度確かめると、見通しに入ります。')).toBeVisible()
    expect(JSON.parse(commands(bff)[0]!.body)).toEqual({ seen: { [first!.school.id]: null }, told: { [first!.school.id]: 'j1' } })
  })

  test('whoever keeps no roster sees the numbers and applies nothing', async ({ page, bff, open }) => {
    bff.mock.rollover.looked()
    bff.mock.rollover.may_apply = false
    await open('board', '/rollover/2027')
    await expect(page.getByRole('row', { name: /^第一小学校/ })).toBeVisible()
    await expect(page.getByRole('button', { name: /適用|確かめ/ })).toHaveCount(0)
  })
})

test('on a phone the table of a city scrolls by itself, to its last number', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  city(bff)
  await open('board', '/rollover/2027')
  const table = page.getByRole('region', { name: '学校ごと' })
  await expect(table.getByRole('row').last()).toContainText('10,204')
  expect(await table.evaluate((area) => area.scrollWidth - area.clientWidth)).toBeGreaterThan(0)
  expect((await table.boundingBox())!.width).toBeLessThanOrEqual(PHONE.width)
  await table.getByText('10,204').scrollIntoViewIfNeeded()
  await expect(table.getByText('10,204')).toBeInViewport({ ratio: 1 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
})

looks([
  { name: 'rollover-first', role: 'board', path: () => '/rollover/2027', until: 'どうなるかを確かめる' },
  { name: 'rollover-looking', role: 'board', path: () => '/rollover/2027', set: ({ mock }) => { mock.rollover.held = true; mock.rollover.looked('looking') }, until: '見通しを確かめています 5 / 12' },
  { name: 'rollover-preview', role: 'board', path: () => '/rollover/2027', set: ({ mock }) => mock.rollover.looked(), until: '年度更新を適用する', whole: true },
  { name: 'rollover-surprises', role: 'board', path: () => '/rollover/2027', set: (bff) => { bff.mock.rollover.surprises = ODD(bff); bff.mock.rollover.looked() }, until: '思いがけないところがあります', whole: true },
  { name: 'rollover-city', role: 'board', path: () => '/rollover/2027', set: city, until: '19,990', whole: true },
  { name: 'rollover-running', role: 'board', path: () => '/rollover/2027', set: ({ mock }) => { mock.rollover.held = true; mock.rollover.run({ state: 'applying', working: true, parts_done: 5, part: '第一小' }) }, until: '適用しています 5 / 12' },
  { name: 'rollover-done', role: 'board', path: () => '/rollover/2027', set: ({ mock }) => { mock.rollover.run({ state: 'reverted', reverted_by: '山田 恵', reverted_at: '2027-03-11T09:00:00+09:00' }); mock.rollover.run() }, until: '年度更新の記録' },
  { name: 'rollover-ask', role: 'board', path: () => '/rollover/2027', set: ({ mock }) => void mock.rollover.run(), act: (page) => page.getByRole('button', { name: '元に戻す' }).click(), until: '適用する前に戻す' },
  { name: 'rollover-no-right', role: 'teacher', path: () => '/rollover/2027', until: 'このページは見られません' },
  { name: 'rollover-error', role: 'board', path: () => '/rollover/2027', set: ({ mock }) => void mock.faults.push({ path: '/v1/rollover', status: 503 }), until: 'もう一度読み込む' },
  { name: 'rollover-school', role: 'board', path: (bff) => schoolPath(bff), until: '進学先が分からない卒業生', whole: true },
  { name: 'rollover-unplanned', role: 'office', path: (bff) => schoolPath(bff), set: ({ mock }) => void (mock.rollover.unplanned = true), until: '学級の案をつくる' },
])
