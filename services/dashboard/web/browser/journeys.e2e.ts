import { cell, commands, DESK, expect, PHONE, presses, ready, rollPath, schoolPath, state, stored, takeAll, test, TODAY, type Bff } from './fixtures'

test.use({ viewport: DESK })

const pupil = (bff: Bff, number: number) => bff.mock.town.own.members[number - 1]!.pupil.id
const classOf = (bff: Bff) => bff.mock.town.own.class.id

test('morning roll: 35 pupils, two exceptions, seven presses, one save', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  const scroll = page.locator('table').locator('..')
  expect(await scroll.evaluate((box) => box.scrollHeight - box.clientHeight)).toBeLessThanOrEqual(0)
  const n = await presses(page, '1', '2', 'k', '2', '6', 'c', 'Control+Enter')
  expect(n).toBeLessThanOrEqual(7)
  await expect(state(page)).toContainText('8:19 に確定しました')
  expect(commands(bff)).toHaveLength(1)
  const sent = JSON.parse(commands(bff)[0]!.body) as { marks: { pupil: string; code: string }[]; taken: boolean }
  expect(sent.taken).toBe(true)
  expect(sent.marks).toHaveLength(35)
  expect(sent.marks.filter(({ code }) => code !== 'present')).toEqual([
    { pupil: pupil(bff, 12), seen: 0, code: 'absent_sick', reason: null },
    { pupil: pupil(bff, 26), seen: 0, code: 'late', reason: null },
  ])
  // The page reads again behind its own write; the word that it arrived comes before that.
  await expect.poll(() => bff.mock.requests.some(({ headers }) => /^registry:\d+$/.test(String(headers['x-after'])))).toBe(true)
})

test('a number that nobody has marks nobody', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '3', '7', 'k')
  await expect(page.getByText('37番はいません')).toBeVisible()
  for (const number of [3, 7]) await expect(cell(page, number)).toContainText('未入力')
  await presses(page, '1', '2', 'k')
  await expect(page.getByText('37番はいません')).toHaveCount(0)
  await expect(cell(page, 12)).toContainText('病欠')
})

test('the home leads to the roll by keys, and g t leads back without setting a mark', async ({ page, bff, open }) => {
  await open('teacher', '/today')
  await expect(page.getByRole('heading', { name: '2年1組' })).toBeVisible()
  await presses(page, 'g', 'r')
  await ready(page)
  await presses(page, 'g', 't')
  await expect(page.getByRole('heading', { name: '今日', level: 1 })).toBeVisible()
  await page.goBack()
  await expect(cell(page, 1)).toContainText('未入力')
  expect(commands(bff)).toEqual([])
})

test('offline: stored before anything is said, kept over a reload, sent once under the same key', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'POST', drop: true })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', 'Control+Enter')
  await expect(state(page)).toContainText('この端末に保存しました。未送信 1件')
  await expect(page.getByRole('link', { name: '未送信 1件' })).toBeVisible()
  await page.reload()
  await expect(state(page)).toContainText('未送信 1件')
  await expect(cell(page, 12)).toContainText('病欠')
  bff.mock.faults.length = 0
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect(state(page)).toContainText('に確定しました')
  expect(new Set(commands(bff).map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  await expect(page.getByRole('link', { name: /未送信/ })).toHaveCount(0)
})

test('a send cut off after the service took it counts once', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  let cut = false
  await page.route('**/api/registry/**', async (route) => {
    if (cut) return route.continue()
    cut = true
    await route.fetch()
    return route.abort()
  })
  await presses(page, 'c', 'Control+Enter')
  await expect(state(page)).toContainText('未送信 1件')
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect(state(page)).toContainText('に確定しました')
  expect(commands(bff)).toHaveLength(2)
  expect(bff.mock.cell(classOf(bff), TODAY, pupil(bff, 1)).revision).toBe(1)
})

test('undo takes a step back, and typing over nothing saved changes nothing elsewhere', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, 'k', 'ArrowDown', 'c')
  await expect(page.getByText('残り33人を出席にして確定')).toBeVisible()
  await presses(page, 'Control+z')
  await expect(cell(page, 2)).toContainText('未入力')
  await presses(page, 'Control+Shift+z')
  await expect(cell(page, 2)).toContainText('遅刻')
  await presses(page, 'Control+s')
  await expect(page.getByText('2人を入力')).toHaveCount(0)
  await expect.poll(() => commands(bff).length).toBe(1)
  expect((JSON.parse(commands(bff)[0]!.body) as { taken: boolean; marks: unknown[] }).marks).toHaveLength(2)
  await expect(cell(page, 1)).toContainText('病欠')
  await expect(state(page)).toContainText('まだ確定していません')
})

test('two people, one cell: both values with names and times, a person decides', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  bff.mock.faults.push({ path: 'GET /api/classes', drop: true }) // the other entry is not heard of before the save
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { source: 'teacher', who: '山田 恵' })
  await presses(page, 'Control+Enter')
  const strip = page.getByText(/山田 恵が 8:19 に「病欠」、あなたが 8:19 に「遅刻」と入れました/)
  await expect(strip).toBeVisible()
  await expect(page.getByRole('link', { name: '見て直す 1件' })).toBeVisible()
  await page.getByRole('button', { name: '「遅刻」にする' }).click()
  await expect(page.getByRole('heading', { name: /の訂正/ })).toBeVisible() // 確定 has been said meanwhile
  await presses(page, '1', 'Enter')
  await expect(strip).toHaveCount(0)
  await expect(state(page)).toContainText('12番の訂正を届けました')
  await expect(cell(page, 12)).toContainText('遅刻')
})

test('two corrections of one cell: it shows both values, whichever stands', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  await expect(page.getByRole('heading', { name: /の訂正/ })).toBeVisible()
  bff.mock.tell = () => undefined
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { source: 'teacher', who: '山田 恵' })
  await presses(page, '1', 'Enter')
  await expect(page.getByText(/山田 恵が .* に「病欠」、あなたが .* に「遅刻」と入れました/)).toBeVisible()
  await expect(cell(page, 12)).toContainText('病欠')
  await expect(cell(page, 12)).toContainText('≠ 遅刻')
})

test("the other person's value can be kept", async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'c')
  bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick', { source: 'office', who: '山田 恵' })
  await page.getByRole('button', { name: '「病欠」のままにする' }).click()
  await expect(cell(page, 12)).toContainText('病欠')
  await expect(page.getByText('残り34人を出席にして確定')).toBeVisible()
  expect(commands(bff)).toEqual([])
})

test("yesterday's mark is corrected with a reason in at most eight presses", async ({ page, bff, open }) => {
  const yesterday = '2026-11-19'
  for (const { pupil: one, exchange } of bff.mock.town.own.members) if (!exchange) bff.mock.mark(classOf(bff), yesterday, one.id, 'present')
  bff.mock.roll(classOf(bff), yesterday).taken = { at: `${yesterday}T08:21:00+09:00`, by: bff.mock.town.own.homeroom, members: 35 }
  await open('teacher', rollPath(bff))
  await ready(page)
  let n = await presses(page, 'g', 'p')
  await expect(page.getByText('8:21 に確定しました')).toBeVisible()
  await ready(page)
  n += await presses(page, '1', '2', 'k')
  await expect(page.getByRole('heading', { name: /12番 .*さんの訂正/ })).toBeVisible()
  n += await presses(page, '2', 'Enter')
  expect(n).toBeLessThanOrEqual(8)
  await expect(cell(page, 12)).toContainText('病欠')
  await expect.poll(() => commands(bff).length).toBe(1)
  expect((JSON.parse(commands(bff)[0]!.body) as { marks: unknown[] }).marks).toEqual([
    { pupil: pupil(bff, 12), seen: 1, code: 'absent_sick', reason: { code: 'told_later', text: '' } },
  ])
})

test('a reason in own words: the Enter of a conversion does not send it', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, 'k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await presses(page, '4')
  const reason = page.getByRole('textbox', { name: /わけ/ })
  await expect(reason).toBeFocused()
  await reason.pressSequentially('でんわ')
  for (const init of [{ isComposing: true, keyCode: 13 }, { isComposing: false, keyCode: 229 }])
    expect(await reason.evaluate((box, given) => box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...given })), init)).toBe(false)
  expect(commands(bff)).toEqual([])
  await presses(page, 'Enter')
  await expect.poll(() => commands(bff).length).toBe(1)
})

test('paste: one bad cell and nothing is applied, every bad cell is named', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  const paste = (text: string) =>
    page.evaluate((given) => {
      const data = new DataTransfer()
      data.setData('text/plain', given)
      document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    }, text)
  await paste('病欠\n欠\n遅刻\n○')
  await expect(page.getByText('貼り付けを取りやめました（2か所）')).toBeVisible()
  await expect(page.getByText(/^2番 .*「欠」という印はありません/)).toBeVisible()
  await expect(page.getByText('残り35人を出席にして確定')).toBeVisible()
  await paste('病欠\nﾁ')
  await expect(page.getByText(/「ﾁ」を「遅刻」と読みました/)).toBeVisible()
  await expect(page.getByText('残り33人を出席にして確定')).toBeVisible()
})

test('a refused command is parked, named by its cell, and mended where it was made', async ({ page, bff, open }) => {
  const body = { type: 'x', title: '印を読めません', status: 422, detail: '', errors: [{ cell: '12番', message: 'この印はありません' }] }
  bff.mock.faults.push({ path: 'POST', status: 422, body, times: 1 })
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '2', '6', 'c', '1', '2', 'k', 'Control+Enter')
  await expect(state(page)).toContainText('届きませんでした。見て直す')
  await expect(cell(page, 12)).toHaveAttribute('data-look', 'wrong')
  await presses(page, 'g', 't')
  await page.getByRole('link', { name: '見て直す 1件' }).click()
  await page.getByRole('button', { name: '入力に戻して直す' }).click()
  await expect(cell(page, 12)).toBeFocused()
  await expect(cell(page, 12)).toContainText('病欠')
  await presses(page, 'j', 'Control+Enter')
  await expect(state(page)).toContainText('に確定しました')
  await expect(cell(page, 12)).toContainText('事故欠')
  await expect(cell(page, 26)).toContainText('遅刻')
})

test('the session ends: nothing typed is lost, and the same screen comes back', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await ready(page)
  await presses(page, '1', '2', 'k', '2', '6', 'c')
  bff.mock.sessions.clear()
  await presses(page, 'Control+s')
  await expect(page.getByRole('alertdialog')).toContainText('サインインの時間が終わりました')
  await page.getByRole('link', { name: 'サインインする' }).click()
  await page.getByRole('link', { name: 'teacher' }).click()
  await expect(cell(page, 12)).toContainText('病欠')
  await expect(page.getByText('残り33人を出席にして確定')).toBeVisible()
  // Whether the first try or another request met the end of the session: one command, once stored.
  await expect.poll(() => stored(page, 'tsumugi', 'outbox')).toEqual([[]])
  expect(new Set(commands(bff).map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  for (const number of [12, 26]) expect(bff.mock.cell(classOf(bff), TODAY, pupil(bff, number)).revision).toBe(1)
})

test('live: pages change by themselves, one stream for all tabs of a browser', async ({ page, bff, open, context }) => {
  await open('principal', schoolPath(bff))
  await expect(page.getByText('13学級がまだ確定していません')).toBeVisible()
  const second = await context.newPage()
  await second.goto(bff.url + schoolPath(bff))
  await expect(second.getByText('13学級がまだ確定していません')).toBeVisible()
  await page.bringToFront()
  await expect.poll(() => bff.mock.streams.size).toBe(1)
  takeAll(bff)
  bff.mock.tell(classOf(bff), TODAY)
  await expect(page.getByText('12学級がまだ確定していません')).toBeVisible()
  await expect(second.getByText('12学級がまだ確定していません')).toBeVisible()
  await page.close()
  await second.bringToFront()
  await expect.poll(() => bff.mock.streams.size).toBe(1)
  takeAll(bff, bff.mock.town.schools[0]!.classes[0]!)
  bff.mock.tell(bff.mock.town.schools[0]!.classes[0]!.class.id, TODAY)
  await expect(second.getByText('11学級がまだ確定していません')).toBeVisible()
})

test('a lost stream says of what time the page is, and mends itself', async ({ page, bff, open }) => {
  await page.clock.install({ time: `${TODAY}T08:19:30+09:00` })
  await open('principal', schoolPath(bff))
  await page.clock.runFor(2000)
  await expect(page.getByText('自動で更新')).toBeVisible()
  bff.mock.faults.push({ path: '/api/live', status: 503 })
  bff.mock.streams.forEach(({ answer }) => answer.end())
  await page.clock.runFor(25_000)
  await expect(page.getByText('8:19 時点の表示です')).toBeVisible()
  const morning = bff.mock.clock
  bff.mock.clock = () => new Date(morning().getTime() + 60_000) // the town's clock goes on as the page's did
  takeAll(bff)
  bff.mock.faults.length = 0
  await expect(async () => {
    await page.clock.runFor(1000)
    await expect(page.getByText('自動で更新')).toBeVisible({ timeout: 200 })
  }).toPass()
  await expect(page.getByText('12学級がまだ確定していません')).toBeVisible()
})

test('copies that are behind say so although the stream stands', async ({ page, bff, open }) => {
  await open('principal', schoolPath(bff))
  await expect(page.getByText('自動で更新')).toBeVisible()
  bff.mock.asOf = `${TODAY}T08:12:00+09:00`
  takeAll(bff)
  await expect(page.getByText('8:12 時点の表示です')).toBeVisible()
  bff.mock.asOf = null
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect(page.getByText('自動で更新')).toBeVisible()
})

test('a page that may no longer be seen is taken away', async ({ page, bff, open }) => {
  await open('principal', schoolPath(bff))
  await expect(page.getByRole('heading', { name: '欠席・遅刻などの子' })).toBeVisible()
  bff.mock.faults.push({ path: '/api/schools', status: 404 })
  bff.mock.tell(classOf(bff), TODAY)
  await expect(page.getByText('このページは見られません')).toBeVisible()
  await expect(page.getByRole('heading', { name: '欠席・遅刻などの子' })).toHaveCount(0)
})

test('a substitute takes the roll of the class; the principal only reads it', async ({ page, bff, open }) => {
  await open('substitute', '/today')
  await page.getByRole('link', { name: '2年1組の朝の記録を始める' }).click()
  await ready(page)
  await presses(page, 'Control+Enter')
  await expect(state(page)).toContainText('に確定しました')
  await open('principal', rollPath(bff, '2026-11-19'))
  await expect(page.getByText('この学級の記録は見るだけです')).toBeVisible()
  await ready(page)
  await presses(page, 'k')
  await expect(page.getByText('ここは見るだけです')).toBeVisible()
})

test('on a phone: two exceptions by taps, then the rest', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await open('teacher', rollPath(bff))
  for (const [number, word] of [['12', '病欠'], ['26', '遅刻']] as const) {
    await page.getByRole('button', { name: new RegExp(`^${number}\\D`) }).last().click()
    await page.getByRole('dialog').getByRole('button', { name: word, exact: true }).click()
  }
  await expect(page.getByRole('heading', { name: /欠席・遅刻などの子/ })).toContainText('2人')
  await page.getByRole('button', { name: '残り33人を出席にして確定' }).click()
  await expect(state(page)).toContainText('に確定しました')
})

for (const [role, path, today] of [
  ['teacher', (bff: Bff) => rollPath(bff, '2026-02-31'), rollPath],
  ['principal', (bff: Bff) => schoolPath(bff, '2026-13-01'), schoolPath],
  ['board', () => '/board/days/2026-6-1', () => `/board/days/${TODAY}`],
] as const)
  test(`a day that no calendar has is said at once, and leads the ${role} to today`, async ({ page, bff, open }) => {
    await open(role, path(bff))
    await expect(page.getByRole('heading', { name: '日付がありません', level: 1 })).toBeVisible()
    await expect(page).toHaveTitle(/^日付がありません/)
    expect(bff.mock.requests.filter(({ path: asked }) => asked.includes('/days/'))).toEqual([])
    await page.getByRole('button', { name: '今日へ' }).click()
    await expect(page.getByRole('time')).toHaveText('11月20日（金）')
    await expect(page).toHaveURL(bff.url + today(bff))
    // The roll takes the focus when it comes: between two keys it would take the second.
    await (role === 'teacher' ? ready(page) : expect(page.locator('[data-loading]')).toHaveCount(0))
    await presses(page, 'g', 'p')
    await expect(page.getByRole('time')).toHaveText('11月19日（木）')
  })

test("the office's home: every class of its school, none put before the others, each open to it", async ({ page, open }) => {
  await open('office', '/today')
  const cards = page.getByRole('article')
  await expect(cards).toHaveCount(13)
  await expect(cards.filter({ hasText: '事務室' })).toHaveCount(13)
  await expect(page.locator('article a[data-look="filled"]')).toHaveCount(0)
  await page.getByRole('link', { name: '2年1組の朝の記録を始める' }).click()
  await ready(page)
  await presses(page, 'Control+Enter')
  await expect(state(page)).toContainText('に確定しました')
  await presses(page, 'g', 't')
  await expect(cards.filter({ hasText: '朝の記録は 8:19 に確定しました' })).toHaveCount(1)
})

test('a homeroom teacher has one class to begin with', async ({ page, open }) => {
  await open('teacher', '/today')
  await expect(page.locator('article a[data-look="filled"]')).toHaveAccessibleName('2年1組の朝の記録を始める')
})

for (const size of [DESK, PHONE])
  test(`a day without a roll misses nobody, and tells what was entered before (${size.width} px)`, async ({ page, bff, open }) => {
    await page.setViewportSize(size)
    bff.mock.closed = { reason: '学級閉鎖（インフルエンザ）' }
    await open('teacher', rollPath(bff))
    await expect(page.getByText('出欠はとりません')).toBeVisible()
    await expect(page.getByText('渡邉').first()).toBeVisible()
    await expect(page.locator('#main')).not.toContainText('未入力')
    await expect(page.locator('#main dl')).toHaveCount(0)
    bff.mock.mark(classOf(bff), TODAY, pupil(bff, 12), 'absent_sick')
    await expect(page.locator('#main dl')).toContainText('欠席1')
    await expect(page.locator('#main')).not.toContainText('未入力')
  })

test('the roll prints on one page', async ({ page, bff, open }) => {
  takeAll(bff)
  await open('teacher', rollPath(bff))
  await expect(page.getByText('8:21 に確定')).toBeVisible()
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  expect(/\/Type\s*\/Pages[^>]*\/Count\s+(\d+)|\/Count\s+(\d+)[^>]*\/Type\s*\/Pages/.exec(pdf)?.slice(1)).toContain('1')
})

for (const size of [{ width: 683, height: 316 }, { width: 320, height: 568 }, { width: 1024, height: 768 }])
  test(`nothing runs out of a window of ${size.width}×${size.height}`, async ({ page, bff, open }) => {
    await page.setViewportSize(size)
    await open('teacher', rollPath(bff))
    await expect(page.getByText('残り35人を出席にして確定')).toBeVisible()
    for (const path of [rollPath(bff), '/today']) {
      await page.goto(bff.url + path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      await page.screenshot({ path: `test-results/look/size-${size.width}-${path.length > 10 ? 'roll' : 'home'}.png` })
    }
  })

test('on a day off no number of the board asks to be looked into', async ({ page, bff, open }) => {
  bff.mock.schoolDay = false
  await open('board', '/board')
  await expect(page.getByText('どの学校も休みの日です')).toBeVisible()
  await expect(page.getByRole('term')).toHaveCount(0) // no sums of the city
  const cells = page.getByRole('row').filter({ hasText: '第一小学校' }).getByRole('cell')
  await expect(cells).toHaveText(['休みの日', '―', /^\d+$/, '―', '―', '―', '―', '―', '―'])
})

test('a frame that is there when one is known is shown at once: React would hold a wait for 300 ms', async ({ page, open }) => {
  await page.addInitScript(() => {
    const waits: string[] = []
    Object.assign(window, { waits })
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const node of addedNodes)
          if (node instanceof Element) {
            const rows = node.matches('[data-loading]') ? node : node.querySelector('[data-loading]')
            if (rows) waits.push(rows.closest('main') ? (rows.closest('#main') ? 'screen' : 'gate') : 'frame')
          }
    }).observe(document, { childList: true, subtree: true })
  })
  const frame = page.waitForResponse(/\/assets\/Frame-[\w-]+\.js$/)
  await page.route('**/api/me', async (route) => {
    await page.evaluate((file) => import(file).then(() => true), (await frame).url())
    await route.continue()
  })
  await open('teacher', '/today')
  await expect(page.getByText('朝の記録を始める').first()).toBeVisible()
  const waits = await page.evaluate(() => (window as unknown as { waits: string[] }).waits)
  expect(waits[0]).toBe('gate')
  expect(waits).not.toContain('frame')
})
