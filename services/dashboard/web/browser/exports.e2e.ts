/** 名簿の書き出し in a browser: for a purpose, fetched by who asked, gone in an hour. */
import { commands, DESK, expect, test } from './fixtures'
import { looks } from './looks'

const BASE = '/api/registry/v1/exports'

test.describe('the work', () => {
  test.beforeEach(({ page }) => page.setViewportSize(DESK))

  test('a roster is written for a purpose and fetched with a ticket', async ({ page, bff, open }) => {
    await page.route(`**${BASE}/*/file?*`, (route) => route.fulfill({ body: 'PK', contentType: 'application/zip', headers: { 'content-disposition': 'attachment; filename="roster-20261120-0819.zip"' } }))
    await open('board', '/imports')
    await page.getByRole('link', { name: '名簿を書き出す' }).click()
    const go = page.getByRole('button', { name: '名簿を書き出す' })
    await go.focus()
    await page.keyboard.press('Enter')
    expect(commands(bff)).toEqual([])
    await expect(page.getByRole('radiogroup', { name: /何に使いますか\s*必須/ })).toBeVisible()
    await page.getByLabel('何のために書き出しますか').fill('夏の控え')
    await expect(page.getByText('「何に使いますか」を選んでください'), 'said where the button is').toBeVisible()
    await page.getByLabel('何のために書き出しますか').fill('')
    await expect(page.getByRole('radio', { name: '紬に取り込み直す' })).not.toBeChecked() // nobody is taken along unsaid
    await page.getByText('控えにする（取り込み直さない）').click()
    await expect(page.getByText('支援措置の対象の子は入りません')).toContainText('取り込み直せません')
    await page.getByText('紬に取り込み直す', { exact: true }).click()
    await expect(page.getByText('支援措置の対象の子も入ります')).toBeVisible()
    await expect(page.getByText('「何のために書き出しますか」を書いてください')).toBeVisible()
    await page.getByLabel('何のために書き出しますか').fill('夏の控え')
    await go.click()
    expect(JSON.parse(commands(bff)[0]!.body)).toEqual({ purpose: '夏の控え', profile: '1.2_JP', since: null, as_of: null, school: null, for_others: false, protected: true })
    const fetched = page.waitForEvent('download')
    await page.getByRole('button', { name: '受け取る（2.3 MB）' }).click()
    const download = await fetched
    expect(download.suggestedFilename()).toBe('roster-20261120-0819.zip')
    expect(new URL(download.url()).search).toBe('?ticket=a%2Bb')
  })

  test('whoever is not named is told before that it may not come back', async ({ page, bff, open }) => {
    bff.mock.exports.may_protected = false
    await open('board', '/exports')
    await page.getByText('紬に取り込み直す', { exact: true }).click()
    await expect(page.getByText('対象の子がいるときは、紬に取り込み直せません')).toBeVisible()
    await page.getByLabel('何のために書き出しますか').fill('控え')
    await page.getByRole('button', { name: '名簿を書き出す' }).click()
    await expect.poll(() => commands(bff).map(({ body }) => JSON.parse(body))).toMatchObject([{ for_others: false, protected: false }])
  })

  test("a colleague's export is there by itself", async ({ page, bff, open }) => {
    await open('board', '/exports')
    await expect(page.getByText('自動で更新')).toBeVisible()
    bff.mock.exports.add('ready', { mine: false, by: '佐藤 健', purpose: 'ほかの人の' })
    bff.mock.tellOffices()
    await expect(page.getByRole('row', { name: /佐藤 健/ })).toBeVisible()
  })

  test('for another system, what changed since an earlier export, of one school', async ({ page, bff, open }) => {
    const first = bff.mock.town.schools[0]!.school
    bff.mock.exports.add('removed', { school: first.id, school_name: first.name, purpose: '前の控え' })
    await open('board', '/exports')
    await page.getByText('ほかのシステムに渡す').click()
    await expect(page.getByText('支援措置の対象の子は入りません。権利のない保護者も入りません。')).toBeVisible()
    await page.getByText('1.2（それより前の日本のプロファイル）').click()
    await page.getByLabel('どの学校').selectOption({ label: first.name })
    await page.getByLabel('どこまで').selectOption({ label: '8:10の書き出し（前の控え）から変わったところ' })
    await page.getByLabel('何のために書き出しますか').fill('学習アプリの名簿')
    await page.getByRole('button', { name: '名簿を書き出す' }).click()
    await expect(page.getByRole('row', { name: /学習アプリの名簿/ })).toBeVisible()
    expect(JSON.parse(commands(bff)[0]!.body)).toEqual({ purpose: '学習アプリの名簿', profile: '1.2', since: '2026-11-20T08:10:05+09:00', as_of: null, school: first.id, for_others: true, protected: false })
  })

  test('nobody exports without having proved who they are just now', async ({ page, bff, open }) => {
    bff.mock.exports.fresh = false
    bff.mock.exports.add()
    bff.mock.faults.push({ path: 'POST', status: 401, body: { type: 'https://x/step-up', title: '本人確認が要ります', status: 401, detail: '', errors: [] } })
    await open('board', '/exports')
    await expect(page.getByRole('link', { name: '本人確認をする' })).toHaveAttribute('href', '/auth/login?to=%2Fexports&again=true')
    await expect(page.getByRole('button', { name: '名簿を書き出す' })).toHaveCount(0)
    await page.getByRole('button', { name: /受け取る/ }).click()
    await expect(page.getByText('もう一度本人確認をします')).toBeVisible()
  })

  test('what somebody else asked for is seen, and not fetched; what is done with is thrown away', async ({ page, bff, open }) => {
    bff.mock.exports.add('ready', { mine: false, by: '佐藤 健', purpose: 'ほかの人の' })
    await open('board', '/exports')
    await expect(page.getByRole('row', { name: /佐藤 健/ })).toContainText('9:10に消えます')
    await expect(page.getByRole('button', { name: /受け取る/ })).toHaveCount(0)
    await page.getByRole('button', { name: 'いま捨てる' }).click()
    await expect(page.getByRole('row', { name: /佐藤 健/ })).toContainText('消えました')
  })
})

looks([
  { name: 'exports', role: 'board', path: () => '/exports', set: ({ mock }) => { mock.exports.add('removed', { since: '2026-11-19T08:10:05+09:00', purpose: '学習アプリの名簿を新しくする', for_others: true, protected: false }); mock.exports.add('stopped', { purpose: '来年度の確かめ', as_of: '2027-04-01', stopped: '2027年度の学級がありません。日付を確かめてください。' }); mock.exports.add() }, until: '受け取る（2.3 MB）', whole: true },
  { name: 'exports-writing', role: 'board', path: () => '/exports', set: ({ mock }) => { mock.exports.held = true; mock.exports.add('writing') }, until: '書き出しています（500人）', whole: true },
  { name: 'exports-first', role: 'board', path: () => '/exports', set: ({ mock }) => void (mock.exports.may_protected = false), until: 'まだ書き出しがありません', whole: true },
  { name: 'exports-proof', role: 'board', path: () => '/exports', set: ({ mock }) => void (mock.exports.fresh = false), until: '本人確認をする' },
  { name: 'exports-no-right', role: 'office', path: () => '/exports', until: 'このページは見られません' },
  { name: 'exports-error', role: 'board', path: () => '/exports', set: ({ mock }) => void mock.faults.push({ path: '/v1/exports', status: 503 }), until: 'もう一度読み込む' },
])
