/** 電話を受ける: every state looked at, the form's refusal among them. */
import { commands, expect, test, TODAY, type Bff } from './fixtures'
import { looks } from './looks'

const CALLS = () => '/calls'
const child = (bff: Bff) => `/calls?pupil=${bff.mock.town.own.members[6]!.pupil.id}`

function several({ mock: { family } }: Bff) {
  family.call(3, { words: '昨夜から38度' })
  const seen = family.call(5, { channel: 'app', kind: 'late', reason: null })
  seen.confirmed = [{ on: TODAY, at: `${TODAY}T08:21:00+09:00`, revision: 1, by: { id: 'x', family: '佐藤', given: '恵' } }]
  seen.replies = [{ words: 'わかりました', at: `${TODAY}T08:22:00+09:00`, by: { id: 'x', family: '佐藤', given: '恵' } }]
  family.call(7, { withdrawn: true })
  family.call(9, { kind: 'other', reason: null, words: '水泳は見学します', channel: 'paper' })
}

test('a call is sent by keys alone, and what was taken stands on the list', async ({ page, bff, open }) => {
  await open('office', child(bff))
  await expect(page.getByRole('radio', { name: '欠席（病気・けが）' })).toBeVisible()
  for (const key of ['1', 'a', 'Control+Enter']) await page.keyboard.press(key)
  await expect(page.getByText('の「欠席（病気・けが）」を届けました')).toBeVisible()
  expect(JSON.parse(commands(bff)[0]!.body)).toMatchObject({ kind: 'absent', reason: 'sick', since: TODAY, channel: 'phone' })
  await expect(page.getByText('（電話）')).toBeVisible()
})

test('whoever takes a call sees which child of that name it is', async ({ page, bff, open }) => {
  const { pupil, number } = bff.mock.town.own.members[6]!
  await open('office', child(bff))
  const who = page.getByText(`${pupil.family} ${pupil.given}`, { exact: true }).locator('..')
  await expect(who).toContainText(`2年1組 ${number}番`)
  await expect(who).toContainText(pupil.family_kana)
  await expect(who).toContainText(pupil.given_kana)
})

test('what was changed has both its times, as the roll has the later', async ({ page, bff, open }) => {
  const { pupil } = bff.mock.town.own.members.find(({ number }) => number === 5)!
  bff.mock.family.call(5, { revision: 2, told_at: `${TODAY}T08:17:00+09:00`, entered_at: `${TODAY}T08:20:00+09:00` })
  bff.mock.family.call(6, { told_at: `${TODAY}T08:11:00+09:00`, entered_at: `${TODAY}T08:11:00+09:00` })
  await open('office', CALLS())
  await expect(page.getByText('8:17 母（電話）')).toContainText('（8:20に変更）')
  await expect(page.getByText('8:11 母（電話）')).not.toContainText('変更')
  await page.goto(`${bff.url}/calls?pupil=${pupil.id}`)
  await expect(page.getByText('8:17に母から届いています（8:20に変更）')).toBeVisible()
})

test('what a guardian told names nobody who took it', async ({ page, bff, open }) => {
  bff.mock.family.call(5, { channel: 'app' })
  await open('office', CALLS())
  await expect(page.getByText('（アプリ）')).toBeVisible()
  await expect(page.getByText('受けた人')).toHaveCount(0)
})

looks([
  { name: 'calls', role: 'office', path: CALLS, until: 'きょうの連絡はまだありません' },
  { name: 'calls-several', role: 'office', path: CALLS, set: several, until: '担任が確認しました', whole: true },
  { name: 'calls-child', role: 'office', path: child, set: (bff) => void bff.mock.family.call(7), until: '届いています', whole: true },
  {
    name: 'calls-missing',
    role: 'office',
    path: child,
    act: (page) => page.getByRole('button', { name: /この連絡を担任に伝える/ }).click(),
    until: '何の連絡かをえらんでください',
    whole: true,
  },
  { name: 'calls-error', role: 'office', path: CALLS, set: (bff) => void bff.mock.faults.push({ path: 'GET /api/messaging', status: 500 }), until: 'きょうの連絡を読み込めません' },
])
