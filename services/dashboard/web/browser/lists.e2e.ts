import { commands, DESK, expect, PHONE, presses, test, TODAY, type Bff } from './fixtures'
import { looks, type Look } from './looks'

test.use({ viewport: DESK })

const listPath = (bff: Bff) => `/classes/${bff.mock.town.own.class.id}/days/${TODAY}/list`
const sent = (bff: Bff) => commands(bff).map(({ body }) => JSON.parse(body) as { dry?: boolean; numbers?: { number: number }[]; since?: string; gaps?: number[] })

test('a child is moved by keys alone, the consequences are shown, saved once and undone', async ({ page, bff, open }) => {
  await open('office', listPath(bff))
  const first = bff.mock.town.own.members.find(({ number }) => number === 1)!.pupil
  await page.getByRole('button', { name: '並べかえて番号を変える' }).click()
  await page.getByRole('button', { name: /さんを動かす/ }).first().focus()
  await presses(page, 'ArrowDown', 'ArrowDown')
  await expect(page.getByRole('status').filter({ hasText: '3人目です' })).toHaveCount(1)
  await expect(page.getByText('いまは1番')).toBeVisible()
  await page.getByRole('button', { name: '3人の番号の変わり方を確かめる' }).press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(`1 → 3 ${first.family}`)
  await expect(dialog).toContainText('3日分あります')
  await dialog.getByRole('button', { name: '3人の番号を変える' }).press('Enter')
  await expect(page.getByText('番号を変えました')).toBeVisible()
  expect(sent(bff).map(({ dry }) => dry)).toEqual([true, false])
  expect(sent(bff)[1]!.numbers).toHaveLength(35)
  await page.getByRole('button', { name: '元に戻す' }).press('Enter')
  await expect(page.getByText('番号を変えました')).toHaveCount(0)
  await expect(page.getByRole('row').nth(1)).toContainText(first.family)
})

test('an order begun on older numbers does not overwrite what somebody has saved meanwhile', async ({ page, bff, open }) => {
  await open('office', listPath(bff))
  await page.getByRole('button', { name: '並べかえて番号を変える' }).click()
  await page.getByRole('button', { name: /さんを動かす/ }).first().focus()
  await presses(page, 'ArrowDown')
  await expect.poll(() => bff.mock.streams.size).toBeGreaterThan(0)
  const { class: of, members } = bff.mock.town.own
  const turned = members.filter(({ exchange }) => !exchange).toReversed()
  const numbers = turned.map(({ pupil }, i) => ({ pupil: pupil.id, number: i + 1 }))
  bff.mock.lists.act('principal', `/api/registry/v1/classes/${of.id}/list`, { since: TODAY, seen: String(bff.mock.lists.revision), numbers, gaps: [], dry: false })
  bff.mock.tell(of.id, TODAY)
  await expect(page.getByText('ほかの人が、この学級の名簿を先に変えました')).toBeVisible()
  await expect(page.getByRole('button', { name: /番号の変わり方を確かめる/ })).toHaveAttribute('aria-disabled', 'true')
  await page.getByRole('button', { name: 'いまの番号から決め直す' }).click()
  await expect(page.getByText('ほかの人が、この学級の名簿を先に変えました')).toHaveCount(0)
  await expect(page.getByRole('button', { name: /さんを動かす/ }).first()).toHaveAttribute('aria-label', new RegExp(turned[0]!.pupil.family))
  expect(commands(bff)).toEqual([])
})

test('numbers that were looked at before somebody changed the list are not saved', async ({ page, bff, open }) => {
  await open('office', listPath(bff))
  await page.getByRole('button', { name: '並べかえて番号を変える' }).click()
  await page.getByRole('button', { name: /さんを動かす/ }).first().focus()
  await presses(page, 'ArrowDown')
  await page.getByRole('button', { name: '2人の番号の変わり方を確かめる' }).click()
  const save = page.getByRole('dialog').getByRole('button', { name: '2人の番号を変える' })
  await expect(save).toBeVisible()
  bff.mock.lists.revision += 1
  bff.mock.tell(bff.mock.town.own.class.id, TODAY)
  await save.click()
  await expect(page.getByText('ほかの人が、この学級の名簿を先に変えました')).toBeVisible()
  await expect(page.getByText('番号を変えました')).toHaveCount(0)
  expect(new Set(commands(bff).map(({ body }) => (JSON.parse(body) as { seen: string }).seen))).toEqual(new Set(['1']))
})

for (const [name, size] of [['desk', DESK], ['phone', PHONE]] as const)
  test(`the list is one press away from 今日, ${name}`, async ({ page, bff, open }) => {
    await page.setViewportSize(size)
    await open('teacher', '/today')
    await page.getByRole('link', { name: `${bff.mock.town.own.class.name}の名簿` }).click()
    await expect(page).toHaveURL(new RegExp(`${listPath(bff)}$`))
  })

test('a child is dragged with the mouse', async ({ page, bff, open }) => {
  await open('office', listPath(bff))
  await page.getByRole('button', { name: '並べかえて番号を変える' }).click()
  const handles = page.getByRole('button', { name: /さんを動かす/ })
  const name = await handles.nth(0).getAttribute('aria-label')
  const [from, to] = [await handles.nth(0).boundingBox(), await handles.nth(4).boundingBox()]
  await page.mouse.move(from!.x + 10, from!.y + 10)
  await page.mouse.down()
  await page.mouse.move(to!.x + 10, to!.y + 20, { steps: 12 })
  await page.mouse.up()
  await expect(handles.nth(4)).toHaveAttribute('aria-label', name!)
  expect(commands(bff)).toEqual([])
})

test('a paste that does not fit is refused by line, one that fits is shown with what changes', async ({ page, bff, open }) => {
  await open('office', listPath(bff))
  await page.getByRole('button', { name: '番号を貼り付ける' }).click()
  const members = bff.mock.town.own.members.filter(({ exchange }) => !exchange).map(({ pupil }) => `${pupil.family}　${pupil.given}`)
  const turned = members.toReversed().map((name, i) => `${i + 1}\t${name}`)
  await page.getByRole('textbox', { name: /番号と氏名/ }).fill([...turned.slice(0, 33), '34\t知らない 子', '34\t' + members[1]].join('\n'))
  await page.getByRole('button', { name: 'この番号にして並べる' }).click()
  await expect(page.getByText(/貼り付けを取りやめました（2か所）/)).toBeVisible()
  await expect(page.getByText(/34行目 「知らない 子」という子は/)).toBeVisible()
  await page.getByRole('textbox', { name: /番号と氏名/ }).fill(turned.join('\n'))
  await page.getByRole('button', { name: 'この番号にして並べる' }).click()
  await page.getByRole('button', { name: '34人の番号の変わり方を確かめる' }).click()
  await page.getByRole('button', { name: '34人の番号を変える' }).click()
  await expect(page.getByRole('row').nth(1)).toContainText(members.at(-1)!.split('　')[0]!)
})

test('the printed list is one A4 page with year, school and page number', async ({ page, bff, open }) => {
  await open('teacher', listPath(bff))
  await expect(page.getByText('令和8年度 2年1組 名簿')).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('button', { name: '印刷する' })).toBeHidden()
  await expect(page.getByText('令和8年11月20日現在')).toBeVisible()
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
})

test('another day is opened from one line, and what is no day is said', async ({ page, bff, open }) => {
  await open('office', listPath(bff))
  const field = page.getByLabel('ほかの日の名簿')
  await expect(page.getByText('任意')).toHaveCount(0)
  await field.fill('13/45')
  await expect(page.getByText('2026年13月45日という日はありません')).toBeVisible()
  const heights = await page.locator('form', { has: field }).locator('input, button').evaluateAll((parts) => parts.map((part) => part.getBoundingClientRect().top + part.getBoundingClientRect().height / 2))
  expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(1)
  await field.fill('11/18')
  await expect(page.getByText('11月18日（水）')).toBeVisible()
  await page.getByRole('button', { name: '開く' }).click()
  await expect(page).toHaveURL(/2026-11-18\/list$/)
})

const LOOKS: Omit<Look, 'role' | 'path'>[] = [
  { name: 'list', until: '令和8年度 2年1組 名簿' },
  { name: 'list-empty', set: ({ mock }) => void (mock.empty = true), until: 'この日に在籍している子がいません' },
  { name: 'list-error', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', status: 503 }), until: 'もう一度読み込む' },
  { name: 'list-loading', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', hold: true }), until: '学級の名簿' },
  { name: 'list-offline', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', drop: true }), until: 'つながっていません' },
  { name: 'list-order', until: '番号を決めています', act: (page) => page.getByRole('button', { name: '並べかえて番号を変える' }).click() },
  { name: 'list-paste', until: 'ここに貼り付けてください', act: (page) => page.getByRole('button', { name: '番号を貼り付ける' }).click() },
]

looks(LOOKS.map((look) => ({ ...look, role: 'office', path: listPath })))
