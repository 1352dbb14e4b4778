/** お知らせの受け取り方: an address and its code, a device on a tap, every state looked at; what the office sees of it. */
import { commands, expect, PHONE, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

const TOLD = () => '/family/told'
const at = `${TODAY}T08:21:00+09:00`
const bodies = (bff: Bff) => commands(bff).map(({ path, body }) => ({ path: path.replace(/^.*channels/, ''), body: JSON.parse(body) as Record<string, unknown> }))

function several({ mock: { channels } }: Bff) {
  channels.add({ address: 'haha@example.jp', confirmed: true, last: { what: 'confirmed', state: 'handed_over', reason: null, at } })
  channels.add({ address: 'mukashi@example.jp', confirmed: true, gone: true, last: { what: 'confirmed', state: 'gone', reason: 'no_such_address', at } })
  channels.add({ address: 'shigoto@example.jp', last: { what: 'code', state: 'handed_over', reason: null, at } })
  channels.add({ kind: 'push', label: 'Android', confirmed: true, last: { what: 'answered', state: 'waiting', reason: 'busy', at } })
  channels.add({ kind: 'push', label: 'iPhone・iPad', confirmed: true, last: { what: 'answered', state: 'gave_up', reason: 'refused', at } })
}

test.beforeEach(async ({ page }) => {
  await page.setViewportSize(PHONE)
})

test('an address is used when its code has come back', async ({ page, bff, open }) => {
  await open('guardian', '/family/settings')
  await page.getByRole('link', { name: 'お知らせの受け取り方' }).click()
  await page.getByRole('button', { name: '番号を送る' }).click()
  await expect(page.getByText('メールアドレスを入れてください')).toBeVisible()
  await page.getByLabel('メールアドレス').fill('haha')
  await page.getByLabel('メールアドレス').fill('haha@example.jp')
  await page.getByRole('button', { name: '番号を送る' }).click()
  const code = page.getByLabel('メールに書いてある番号（6けた）')
  await code.fill('12345')
  await page.getByRole('button', { name: '確かめる' }).click()
  await expect(page.getByText('6けたの番号を入れてください')).toBeVisible()
  await code.fill('１２３４５７')
  await page.getByRole('button', { name: '確かめる' }).click()
  await expect(page.getByText('番号がちがいます。')).toBeVisible()
  await code.fill('１２３４５６')
  await page.getByRole('button', { name: '確かめる' }).click()
  await expect(page.getByText('ここにお知らせします')).toBeVisible()
  expect(bodies(bff).map(({ body }) => body)).toEqual([{ address: 'haha@example.jp', language: 'ja' }, { code: '123457' }, { code: '123456' }])
  await page.getByRole('button', { name: '消す' }).click()
  await expect(page.getByText('haha@example.jp')).toHaveCount(0)
})

test('beside an address that waits for its code there is no second form; another one is asked for', async ({ page, bff, open }) => {
  bff.mock.channels.add({ address: 'haha@example.jp', last: { what: 'code', state: 'handed_over', reason: null, at } })
  await open('guardian', '/family/told')
  await expect(page.getByRole('textbox')).toHaveCount(1)
  await expect(page.getByLabel('メールに書いてある番号（6けた）')).toBeVisible()
  await page.getByRole('button', { name: 'ほかのアドレスを加える' }).click()
  await page.getByLabel('メールアドレス').fill('shigoto@example.jp')
  await page.getByRole('button', { name: '番号を送る' }).click()
  await expect(page.getByText('shigoto@example.jp')).toBeVisible()
  await expect(page.getByLabel('メールアドレス')).toHaveCount(0)
})

test('設定 names the guardian, and no office that the guardian does not belong to', async ({ page, bff, open }) => {
  await open('guardian', '/family/settings')
  await expect(page.getByRole('heading', { name: '設定' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'お知らせの受け取り方' })).toBeVisible()
  await expect(page.getByText(bff.mock.town.board.name)).toHaveCount(0)
})

test('in a town for trying it says where the mails are', async ({ page, bff, open }) => {
  bff.mock.channels.page.kept = true
  await open('guardian', '/family/told')
  await expect(page.getByText('メールは外へ出ません')).toBeVisible()
  await expect(page.getByText('.venv/bin/tsumugi mail read')).toBeVisible()
})

test('nobody is asked for permission before they have asked for it', async ({ page, bff, open }) => {
  await page.addInitScript(() => {
    const asked: string[] = []
    Object.assign(window, { asked })
    Notification.requestPermission = () => {
      asked.push('permission')
      return Promise.resolve('denied')
    }
  })
  await open('guardian', '/family/told')
  const press = page.getByRole('button', { name: 'この端末で受け取る' })
  await expect(press).toBeVisible()
  expect(await page.evaluate(() => (window as unknown as { asked: string[] }).asked)).toEqual([])
  await press.click()
  await expect(page.getByText('お知らせは入っていません')).toBeVisible()
  expect(await page.evaluate(() => (window as unknown as { asked: string[] }).asked)).toEqual(['permission'])
  expect(commands(bff)).toEqual([])
})

test('whoever has refused in the browser is told where to allow it', async ({ page, open }) => {
  await page.addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' }))
  await open('guardian', '/family/told')
  await expect(page.getByText('ブラウザーの設定で「許可」にしてから')).toBeVisible()
  await expect(page.getByRole('button', { name: 'この端末で受け取る' })).toHaveCount(0)
})

test('a device is taken with its keys and known again', async ({ page, bff, open }) => {
  await page.addInitScript(() => {
    Notification.requestPermission = () => Promise.resolve('granted')
    PushManager.prototype.getSubscription = () => Promise.resolve(null)
    PushManager.prototype.subscribe = () =>
      Promise.resolve({ toJSON: () => ({ endpoint: 'https://fcm.googleapis.com/fcm/send/x', keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) } }) } as unknown as PushSubscription)
  })
  await open('guardian', '/family/told')
  await page.getByRole('button', { name: 'この端末で受け取る' }).click()
  await expect(page.getByText('パソコン（この端末）')).toBeVisible()
  expect(bodies(bff)[0]).toEqual({ path: '/push', body: { endpoint: 'https://fcm.googleapis.com/fcm/send/x', p256dh: 'B'.repeat(87), auth: 'A'.repeat(22), label: 'パソコン', language: 'ja' } })
  await page.getByRole('button', { name: '消す' }).click()
  await expect(page.getByRole('button', { name: 'この端末で受け取る' })).toBeVisible()
})

for (const stuck of [false, true])
  test(`whoever signs out is told nothing more on this device${stuck ? ', and is not held up by a browser that does not answer' : ''}`, async ({ page, bff, open }) => {
    await page.addInitScript((stuck) => {
      Notification.requestPermission = () => Promise.resolve('granted')
      const made = {
        toJSON: () => ({ endpoint: 'https://fcm.googleapis.com/fcm/send/x', keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) } }),
        unsubscribe: () => {
          localStorage.setItem('unsubscribed', 'yes')
          return stuck ? new Promise(() => {}) : Promise.resolve(true)
        },
      } as unknown as PushSubscription
      PushManager.prototype.getSubscription = () => Promise.resolve(localStorage.getItem('subscribed') ? made : null)
      PushManager.prototype.subscribe = () => {
        localStorage.setItem('subscribed', 'yes')
        return Promise.resolve(made)
      }
    }, stuck)
    await open('guardian', '/family/told')
    await page.getByRole('button', { name: 'この端末で受け取る' }).click()
    await expect(page.getByText('パソコン（この端末）')).toBeVisible()
    await page.goto(`${bff.url}/family/settings`)
    await page.getByRole('button', { name: 'サインアウト', exact: true }).click()
    await page.getByRole('button', { name: 'サインアウトする' }).click()
    await expect(page.getByRole('heading', { name: 'サインアウトしました' })).toBeVisible()
    expect(bodies(bff).map(({ path }) => path.replace(/^\/[^/]+\/remove$/, '/…/remove'))).toEqual(['/push', '/…/remove'])
    expect(await page.evaluate(() => ({ ...localStorage }))).toMatchObject({ unsubscribed: 'yes' })
    expect(await page.evaluate(() => localStorage.getItem('tsumugi-push'))).toBeNull()
  })

test('the office answers a call, and reads what the family was told', async ({ page, bff, open }) => {
  const { family, town } = bff.mock
  const sent = (said: object) => ({ kind: 'email', what: 'confirmed', state: 'handed_over', reason: null, tries: 1, at, ...said })
  const confirmed = [{ on: TODAY, at, revision: 1, by: { id: 'x', family: '佐藤', given: '恵' } }]
  family.call(7, { guardian: 'x', told: [sent({}), sent({ kind: 'push', what: 'answered', state: 'gone' }), sent({ state: 'gave_up', reason: 'no_channel' })], reach: ['email'], confirmed })
  family.call(5, { told: [], reach: [], confirmed })
  await open('office', '/calls')
  await expect(page.getByText('確認をメールで知らせました')).toBeVisible()
  await expect(page.getByText('返信を知らせられません（端末が受け取りをやめています）')).toBeVisible()
  await expect(page.getByText('確認はメールでは知らせません（使える届け先がなくなりました）')).toBeVisible()
  await expect(page.getByText('確認したことを知らせる先がありません')).toHaveCount(1)
  await page.goto(`${bff.url}/calls?pupil=${town.own.members[6]!.pupil.id}`)
  await page.getByRole('button', { name: '返信する' }).click()
  await page.getByLabel('返信の言葉').fill('お大事に')
  await page.getByRole('button', { name: '返信を届ける' }).click()
  await expect(page.getByText('さんの連絡に返信しました')).toBeVisible()
  expect(JSON.parse(commands(bff)[0]!.body)).toEqual({ seen: 1, words: 'お大事に' })
})

looks([
  { name: 'channels', role: 'guardian', path: TOLD, until: 'この端末で受け取る', whole: true },
  { name: 'channels-several', role: 'guardian', path: TOLD, set: several, until: 'ここにお知らせします', whole: true },
  { name: 'channels-off', role: 'guardian', path: TOLD, set: ({ mock: { channels } }) => void Object.assign(channels.page, { mail: false, push: false, push_key: null }), until: 'メールは、いま使えません', whole: true },
  { name: 'channels-error', role: 'guardian', path: TOLD, set: (bff) => void bff.mock.faults.push({ path: 'GET /api/messaging/v1/family/channels', status: 500 }), until: 'いまは読み込めません' },
])
