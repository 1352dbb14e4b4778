import { commands, DESK, expect, presses, schoolPath, test, TODAY, type Bff } from './fixtures'
import { looks, type Look } from './looks'

test.use({ viewport: DESK })

const dutiesPath = (bff: Bff, date = TODAY) => `${schoolPath(bff, date)}/duties`

test('a class without anybody comes first, and gets somebody by keys alone', async ({ page, bff, open }) => {
  await open('principal', dutiesPath(bff))
  await expect(page.getByText('1学級に、みる人がいません')).toBeVisible()
  const first = page.getByRole('table').getByRole('row').nth(1)
  await expect(first).toContainText('3年2組')
  await first.getByRole('button', { name: '3年2組の補欠を決める' }).focus()
  await presses(page, 'Enter')
  await expect(page.getByLabel('みる人をさがす')).toBeFocused()
  await page.keyboard.insertText('おがわ')
  await presses(page, 'Enter')
  await expect(page.getByRole('radio', { name: /小川/ })).toBeChecked()
  expect(commands(bff)).toHaveLength(0)
  await presses(page, 'Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByText('どの学級にも、みる人がいます')).toBeVisible()
  await expect(page.getByRole('table')).toContainText('補欠 小川')
  const [sent] = commands(bff)
  expect(JSON.parse(sent!.body)).toMatchObject({ kind: 'substitute', since: TODAY, until: '2026-11-21' })
  expect(sent!.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
})

test('the Enter of a conversion takes nobody, nor does one with several left, nor with another chosen before', async ({ page, bff, open }) => {
  await open('principal', dutiesPath(bff))
  await page.getByRole('button', { name: '3年2組の補欠を決める' }).click()
  const [field, dialog] = [page.getByLabel('みる人をさがす'), page.getByRole('dialog')]
  await expect(field).toBeFocused()
  await field.fill('おがわ')
  await field.dispatchEvent('keydown', { key: 'Enter', code: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true })
  await expect(dialog.getByRole('radio', { name: /小川/ })).not.toBeChecked()
  await presses(page, 'Enter')
  await expect(dialog.getByRole('radio', { name: /小川/ })).toBeChecked()
  await field.fill('た')
  await expect(dialog.getByRole('radio', { name: /田村/ })).toBeVisible()
  await presses(page, 'Enter')
  await field.fill('いない人')
  await presses(page, 'Enter')
  expect(commands(bff)).toHaveLength(0)
  await expect(dialog).toBeVisible()
})

test('staff are in kana order wherever they are listed, with the reading to see it by', async ({ page, bff, open }) => {
  await open('principal', dutiesPath(bff))
  const readings = (list: string) => page.locator(list).allTextContents()
  await expect(page.getByText('人（五十音順）')).toBeVisible()
  const shown = await readings('[class*=kana]')
  expect(shown.length).toBeGreaterThan(5)
  expect(shown).toEqual(shown.toSorted((a, b) => a.localeCompare(b, 'ja')))
  await page.getByRole('button', { name: '職務を決める' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  expect(await readings('[role=dialog] [class*=kana]')).toEqual(shown)
})

test('nobody stands in on a day without lessons, and the page does not ask for it', async ({ page, bff, open }) => {
  await open('principal', dutiesPath(bff, '2026-11-22'))
  await expect(page.getByText('11月22日（日）は授業のない日です')).toBeVisible()
  await expect(page.getByRole('button', { name: /の補欠を決める/ })).toHaveCount(0)
  await expect(page.getByText('1学級に、みる人がいません')).toHaveCount(0)
})

test('what somebody else decides is there by itself', async ({ page, bff, open }) => {
  await open('principal', dutiesPath(bff))
  await expect(page.getByText('1学級に、みる人がいません')).toBeVisible()
  const of = bff.mock.town.schools[0]!.classes.find((one) => one.class.name === '3年2組')!
  await expect.poll(() => bff.mock.streams.size).toBeGreaterThan(0)
  bff.mock.duties.act('office', dutiesApi(bff), { staff: bff.mock.duties.others[1]!.id, kind: 'substitute', class: of.class.id, since: TODAY, until: '2026-11-21' })
  await expect(page.getByText('どの学級にも、みる人がいます')).toBeVisible()
})

test('a new homeroom from a day on, the old one until the day before', async ({ page, bff, open }) => {
  await open('office', dutiesPath(bff))
  await page.getByRole('button', { name: '職務を決める' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: '担任', exact: true }).click({ force: true })
  await dialog.getByLabel('学級').selectOption({ label: '2年1組' })
  await dialog.getByLabel('職員をさがす').fill('田村')
  await dialog.getByRole('radio', { name: /田村/ }).click({ force: true })
  await dialog.getByLabel('始まりの日').fill('１２／１')
  await expect(dialog.getByText('12月1日（火）')).toBeVisible()
  await dialog.getByRole('checkbox', { name: /11月30日（月）までにする/ }).check()
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog).toHaveCount(0)
  const sent = JSON.parse(commands(bff)[0]!.body) as { since: string; instead_of: string[] }
  expect(sent.since).toBe('2026-12-01')
  expect(sent.instead_of).toHaveLength(1)
  await expect(page.getByText('12月1日から')).toHaveCount(2)
  await expect(page.getByText('4月1日〜11月30日')).toHaveCount(1)
})

test('nothing is sent while something is missing, a refusal names it, and rights ask who one is', async ({ page, bff, open }) => {
  await open('principal', dutiesPath(bff))
  await page.getByRole('button', { name: '職務を決める' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog.getByRole('alert')).toHaveText('職務をえらんでください')
  expect(commands(bff)).toHaveLength(0)
  await dialog.getByRole('radio', { name: '養護教諭', exact: true }).click({ force: true })
  await dialog.getByText('田村').click()
  const step = { type: 'https://tsumugi.example/problems/step-up', title: 'もう一度本人確認をします', status: 401, detail: '', errors: [] }
  bff.mock.faults.push({ path: 'POST .*duties', status: 401, times: 1, body: step })
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog.getByRole('link', { name: '本人確認をする' })).toHaveAttribute('href', /again=true/)
  bff.mock.faults.push({ path: 'POST .*duties', drop: true })
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog.getByText('まだ保存していません')).toBeVisible()
  bff.mock.faults.length = 0
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog).toHaveCount(0)
  const [refused, cut, ...again] = commands(bff).map(({ headers }) => headers['idempotency-key'])
  expect(cut).not.toBe(refused)
  expect(new Set(again)).toEqual(new Set([cut]))
})

test('a duty ends from the day after its last', async ({ page, bff, open }) => {
  await open('office', dutiesPath(bff))
  await page.getByRole('button', { name: /藤井.*養護教諭を終える/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('最後の日').fill('11/30')
  await expect(dialog.getByText('12月1日（火）から')).toBeVisible()
  await dialog.getByRole('button', { name: '職務を終える' }).click()
  await expect(dialog).toHaveCount(0)
  expect(JSON.parse(commands(bff)[0]!.body)).toEqual({ until: '2026-12-01' })
  await expect(page.getByRole('button', { name: /教頭を終える/ })).toHaveCount(0)
})

const LOOKS: Omit<Look, 'role' | 'path'>[] = [
  { name: 'duties', until: 'みる人がいません' },
  { name: 'duties-empty', set: ({ mock }) => void (mock.empty = true), until: '学級も職員もまだありません' },
  { name: 'duties-error', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry/.*duties', status: 503 }), until: 'もう一度読み込む' },
  { name: 'duties-loading', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry/.*duties', hold: true }), until: '出欠' },
  { name: 'duties-offline', set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry/.*duties', drop: true }), until: 'つながっていません' },
  { name: 'duties-stand-in', until: 'ひとりでに終わります', act: (page) => page.getByRole('button', { name: '3年2組の補欠を決める' }).click() },
  { name: 'duties-give', until: '始まりの日', act: (page) => page.getByRole('button', { name: '職務を決める' }).click() },
  { name: 'duties-end', until: '最後の日', act: (page) => page.getByRole('button', { name: /養護教諭を終える/ }).click() },
]

looks(LOOKS.map((look) => ({ ...look, role: 'principal', path: dutiesPath })))

test('who has no such work finds nothing', async ({ page, bff, open }) => {
  await open('teacher', dutiesPath(bff))
  await expect(page.getByText('このページは見られません')).toBeVisible()
})

function dutiesApi(bff: Bff): string {
  return `/api/registry/v1/schools/${bff.mock.town.schools[0]!.school.id}/duties`
}

test('who proves once more who they are finds the dialog as they had filled it in, once', async ({ page, bff, open }) => {
  await open('office', dutiesPath(bff))
  await page.getByRole('button', { name: '職務を決める' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: '担任', exact: true }).click({ force: true })
  await dialog.getByLabel('学級').selectOption({ label: '2年1組' })
  await dialog.getByRole('radio', { name: /田村/ }).click({ force: true })
  await dialog.getByLabel('始まりの日').fill('12/1')
  await dialog.getByLabel('最後の日').fill('3/20')
  await dialog.getByRole('checkbox', { name: /11月30日（月）までにする/ }).check()
  const step = { type: 'https://tsumugi.example/problems/step-up', title: 'もう一度本人確認をします', status: 401, detail: '', errors: [] }
  bff.mock.faults.push({ path: 'POST .*duties', status: 401, times: 1, body: step })
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog.getByRole('link', { name: '本人確認をする' })).toHaveAttribute('href', /again=true/)
  // The proof itself is another site's; its end is a new page at the same address.
  await page.goto('about:blank')
  await page.goto(bff.url + dutiesPath(bff))
  await expect(dialog.getByRole('radio', { name: '担任', exact: true })).toBeChecked()
  await expect(dialog.getByLabel('学級')).toHaveValue(bff.mock.town.own.class.id)
  await expect(dialog.getByRole('radio', { name: /田村/ })).toBeChecked()
  await dialog.getByRole('button', { name: 'この職務を決める' }).click()
  await expect(dialog).toHaveCount(0)
  const [refused, taken] = commands(bff).map(({ body }) => JSON.parse(body) as unknown)
  expect(taken).toEqual(refused)
  await page.reload()
  await expect(page.getByRole('button', { name: '職務を決める' })).toBeVisible()
  await expect(dialog).toHaveCount(0)
})

test('a dialog that was closed after the question who one is does not come back', async ({ page, bff, open }) => {
  await open('office', dutiesPath(bff))
  await page.getByRole('button', { name: /藤井.*養護教諭を終える/ }).click()
  const dialog = page.getByRole('dialog')
  const step = { type: 'https://tsumugi.example/problems/step-up', title: 'もう一度本人確認をします', status: 401, detail: '', errors: [] }
  bff.mock.faults.push({ path: 'POST .*duties', status: 401, times: 2, body: step })
  await dialog.getByLabel('最後の日').fill('11/30')
  await dialog.getByRole('button', { name: '職務を終える' }).click()
  await expect(dialog.getByRole('link', { name: '本人確認をする' })).toBeVisible()
  await page.reload()
  await expect(dialog.getByText('12月1日（火）から')).toBeVisible()
  await dialog.getByRole('button', { name: '職務を終える' }).click()
  await expect(dialog.getByRole('link', { name: '本人確認をする' })).toBeVisible()
  await dialog.getByRole('button', { name: 'やめる' }).click()
  await page.reload()
  await expect(page.getByRole('button', { name: /藤井.*養護教諭を終える/ })).toBeVisible()
  await expect(dialog).toHaveCount(0)
})
