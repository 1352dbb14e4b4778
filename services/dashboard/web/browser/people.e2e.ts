import type { Page } from '@playwright/test'
import { DESK, expect, PHONE, presses, test, type Bff } from './fixtures'
import { looks, type Look } from './looks'

const list = () => '/people'
const cardOf = (bff: Bff) => `/people/${bff.mock.town.own.members[2]!.pupil.id}`
const searching = async (page: Page) => {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: '名前・よみ・学級・番号' })).toBeFocused()
}

const LOOKS: Look[] = [
  { name: 'people', role: 'office', path: list, until: 'はじめの100人' },
  { name: 'people-board', role: 'board', path: list, until: 'はじめの100人' },
  { name: 'people-filter-empty', role: 'office', path: () => '/people?q=zzz', until: 'この中にいません' },
  { name: 'people-empty', role: 'operator', path: list, until: '見られる名簿はありません' },
  { name: 'people-error', role: 'office', path: list, set: ({ mock }) => void mock.faults.push({ path: '/v1/people', status: 503 }), until: 'もう一度読み込む' },
  { name: 'people-offline', role: 'office', path: list, set: ({ mock }) => void mock.faults.push({ path: '/v1/people', drop: true }), until: 'つながっていません' },
  { name: 'card', role: 'office', path: cardOf, until: '9月1日に訂正: 前は2番' },
  { name: 'card-teacher', role: 'teacher', path: cardOf, until: '保護者' },
  { name: 'card-protected', role: 'office', path: cardOf, set: (bff) => void (bff.mock.protected = bff.mock.town.own.members[2]!.pupil.id), until: '居場所を知らせてはいけない相手:' },
  { name: 'card-past', role: 'office', path: (bff) => `${cardOf(bff)}?on=2026-08-31&known=2026-09-01`, until: '分かっていたとおりに表示しています' },
  { name: 'card-none', role: 'office', path: () => '/people/0199aaaa-0000-7000-8000-999999999999', until: 'このページは見られません' },
  { name: 'card-error', role: 'office', path: cardOf, set: ({ mock }) => void mock.faults.push({ path: '/v1/people', status: 500 }), until: '読み込めません' },
  { name: 'change-name', role: 'office', path: (bff) => `${cardOf(bff)}/change/name`, act: (page) => page.getByText('まちがいを直す', { exact: true }).click(), until: '学校では通称を使う' },
  { name: 'change-seat', role: 'office', path: (bff) => `${cardOf(bff)}/change/seat`, act: (page) => page.getByText('ある日から変わる').click(), until: 'いつから' },
  { name: 'change-contact', role: 'office', path: (bff) => `${cardOf(bff)}/change/contact`, act: (page) => page.getByText('ある日から変わる').click(), until: '読みやすいことば' },
  { name: 'card-moving', role: 'office', path: cardOf, set: ({ mock }) => void (mock.moving = true), until: 'これからの連絡先' },
  { name: 'change-contact-next', role: 'office', path: (bff) => `${cardOf(bff)}/change/contact`, set: ({ mock }) => void (mock.moving = true), act: (page) => page.getByText('12月1日（火）からの内容を直す').click(), until: '読みやすいことば' },
  { name: 'change-guardian', role: 'office', path: (bff) => `${cardOf(bff)}/change/guardian`, act: (page) => page.getByText('新しい人', { exact: true }).click(), until: 'できること' },
  { name: 'change-protection', role: 'office', path: (bff) => `${cardOf(bff)}/change/protection`, until: '相手が分からないときは' },
  { name: 'change-unchosen', role: 'office', path: (bff) => `${cardOf(bff)}/change/contact`, act: (page) => page.getByRole('button', { name: '保存する前に確かめる' }).click(), until: 'どれかを選んでください' },
  {
    name: 'card-saved', role: 'office', path: (bff) => `${cardOf(bff)}/change/basics`, until: '保存しました',
    act: async (page) => {
      await page.getByLabel('わけ').fill('戸籍の写し')
      await page.getByRole('button', { name: '保存する前に確かめる' }).click()
      await page.getByRole('button', { name: 'この内容で保存' }).click()
    },
  },
  { name: 'change-erase', role: 'board', path: (bff) => `${cardOf(bff)}/change/erase`, until: 'この人の氏名' },
  {
    name: 'change-erase-follows', role: 'board', path: (bff) => `${cardOf(bff)}/change/erase`, until: '元に戻せません',
    act: async (page) => {
      await page.getByText('誤って登録した').click()
      await page.getByLabel('この人の氏名').fill((await page.getByText(/」と入れてください/).innerText()).split(/[「」]/)[1]!)
      await page.keyboard.press('Enter')
      await expect(page.getByText('証明書の控え 1枚')).toBeVisible()
    },
  },
  { name: 'erased-empty', role: 'board', path: () => '/people/erased', until: '消した記録はありません' },
  { name: 'change-none', role: 'teacher', path: (bff) => `${cardOf(bff)}/change/name`, until: 'このページは見られません' },
  {
    name: 'change-step-up', role: 'office', path: (bff) => `${cardOf(bff)}/change/protection`, until: 'もう一度本人確認をします',
    set: ({ mock }) => void mock.faults.push({ path: '/v1/people', status: 401, body: { type: 'https://tsumugi.example/problems/step-up', title: 'もう一度本人確認をします', status: 401, detail: '', errors: [] } }),
  },
  {
    name: 'change-offline', role: 'office', path: (bff) => `${cardOf(bff)}/change/basics`, until: 'まだ保存していません',
    set: ({ mock }) => void mock.faults.push({ path: 'POST', drop: true }),
    act: (page) => page.getByRole('button', { name: '保存する前に確かめる' }).click(),
  },
  { name: 'search', role: 'teacher', path: () => '/today', act: async (page) => { await searching(page); await page.keyboard.type('た') }, until: /第一小学校 .*番/ },
  { name: 'search-class', role: 'teacher', path: () => '/today', act: async (page) => { await searching(page); await page.keyboard.type('9-9') }, until: '「9年9組」という学級はありません' },
  { name: 'search-none', role: 'teacher', path: () => '/today', act: async (page) => { await searching(page); await page.keyboard.type('zzz') }, until: '見られる名簿にいません' },
]

looks(LOOKS.map((look) => ({ ...look, whole: look.name.startsWith('card') })))

test('any card is five presses away, from the middle of the roll too', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('teacher', `/classes/${bff.mock.town.own.class.id}/days/2026-11-20/roll`)
  await expect(page.locator('[data-cell="0-0"]')).toBeFocused()
  const { pupil } = bff.mock.town.own.members[4]!
  let n = await presses(page, 'Control+k')
  await expect(page.getByRole('combobox', { name: '名前・よみ・学級・番号' })).toBeFocused()
  // Kana come out of an input method; each of the two is one press here.
  const [first, second] = [...pupil.family_kana]
  await page.keyboard.insertText(first!)
  await page.keyboard.insertText(second!)
  n += 2
  const options = page.getByRole('option')
  await expect(options.first()).toContainText(pupil.family)
  n += await presses(page, 'Enter')
  expect(n).toBeLessThanOrEqual(5)
  await expect(page.getByText('閲覧は記録されます')).toBeVisible()
  await expect(page).toHaveURL(/\/people\//)
})

test('the Enter that ends a conversion opens nobody', async ({ page, open }) => {
  await page.setViewportSize(DESK)
  await open('teacher', '/today')
  await searching(page)
  const box = page.getByRole('combobox')
  await box.fill('た')
  await expect(page.getByRole('option').first()).toBeVisible()
  for (const init of [{ isComposing: true }, { keyCode: 229 }])
    await box.evaluate((element, given) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true, ...given })), init)
  await expect(box).toBeVisible()
  await expect(page).toHaveURL(/\/today$/)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/people\//)
})

test('a list is narrowed in the address, and Back leads out of a card', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('office', '/people')
  await page.getByLabel('学級').selectOption({ label: '2年1組' })
  await expect(page).toHaveURL(new RegExp(bff.mock.town.own.class.id))
  await expect(page.getByText('35人')).toBeVisible()
  const first = page.getByRole('rowheader').getByRole('link').first()
  const name = await first.textContent()
  await first.click()
  await expect(page.getByText('経過', { exact: true })).toBeVisible()
  await expect(page).toHaveTitle(new RegExp(name!.split('\u2009')[0]!))
  await page.goBack()
  await expect(page.getByText('35人')).toBeVisible()
})

test('a card prints without controls, with its day', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('office', cardOf(bff))
  await expect(page.getByText('経過', { exact: true })).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByText('令和8年11月20日 現在')).toBeVisible()
  for (const gone of [page.getByRole('button', { name: '印刷' }), page.getByRole('button', { name: 'この時点で見る' }), page.getByRole('navigation')])
    await expect(gone).toBeHidden()
})

test('a number is corrected by keyboard alone; what follows is read before it is saved', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('office', `${cardOf(bff)}/change/seat`)
  await page.getByRole('radio').first().focus()
  await page.keyboard.press('Space')
  await page.getByLabel('出席番号').focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('５')
  await page.keyboard.press('Tab')
  await page.keyboard.type('写しまちがい')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('status').getByText('空いている番号: 36番')).toBeVisible()
  await expect(page.getByLabel('出席番号')).toHaveAttribute('aria-invalid', 'true')
  await page.getByRole('button', { name: '36番にする' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('出席番号')).toHaveValue('36')
  const save = page.getByRole('button', { name: 'この内容で保存' })
  await expect(save).toBeFocused()
  await expect(page.getByText('画面がすぐに変わる学級')).toBeVisible()
  await page.keyboard.press('Enter')
  const saved = page.getByRole('status').filter({ hasText: '保存しました' })
  await expect(saved, 'on the card, in the words that were read before').toContainText('画面がすぐに変わる学級: 2年1組（担任 佐藤 恵）')
  await expect(saved).toBeFocused()
  await expect(page.getByText('閲覧は記録されます')).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(saved).toBeHidden()
  await page.emulateMedia({ media: 'screen' })
  await page.getByRole('link', { name: '氏名を直す' }).click()
  await page.getByRole('link', { name: 'やめる' }).click()
  await expect(page.getByText('閲覧は記録されます')).toBeVisible()
  await expect(saved, 'said once').toHaveCount(0)
  const sent = bff.mock.requests.filter(({ method }) => method === 'POST').map(({ path, body }) => {
    const { act, number, reason } = JSON.parse(body) as { act: string; number: number; reason: string }
    return { path: path.split('/').at(-1), act, number, reason }
  })
  expect(sent).toEqual([
    { path: 'preview', act: 'correct_seat', number: 5, reason: '写しまちがい' },
    { path: 'preview', act: 'correct_seat', number: 36, reason: '写しまちがい' },
    { path: 'changes', act: 'correct_seat', number: 36, reason: '写しまちがい' },
  ])
})

for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE }))
  test(`a number is typed as people write it, added below another, and what is wrong is said beside its line (${name})`, async ({ page, bff, open }) => {
    await page.setViewportSize(size)
    await open('office', cardOf(bff))
    await expect(page.getByRole('link', { name: '090-0000-0001' }).first()).toHaveAttribute('href', 'tel:09000000001')
    await page.getByRole('link', { name: '連絡先を直す' }).click()
    await page.getByText('ある日から変わる').click()
    await page.getByRole('button', { name: '電話番号を加える' }).click()
    await page.getByLabel('電話 3番目').fill('でんわ')
    await page.getByRole('button', { name: '保存する前に確かめる' }).focus()
    await page.keyboard.press('Enter')
    await expect(page.getByLabel('電話 3番目')).toHaveAccessibleDescription(/市外局番から、数字で書いてください/)
    await expect(page.getByLabel('電話 3番目')).toBeFocused()
    await expect(page.getByLabel('電話 3番目')).toBeInViewport({ ratio: 1 })
    await expect(page.getByText(/市外局番から、数字で書いてください/).first()).toBeInViewport({ ratio: 1 })
    await expect(page.getByLabel('電話 2番目')).not.toHaveAttribute('aria-invalid')
    await page.getByLabel('電話 3番目').fill('０９０－００００－０００３')
    await page.getByRole('button', { name: '保存する前に確かめる' }).click()
    await expect(page.getByRole('button', { name: 'この内容で保存' })).toBeInViewport({ ratio: 1 })
    await expect(page.getByRole('heading', { name: '保存すると' })).toBeInViewport({ ratio: 1 })
    await page.getByRole('button', { name: '入れ直す' }).click()
    await expect(page.getByLabel('電話 1番目')).toBeFocused()
    await page.getByRole('button', { name: '保存する前に確かめる' }).click()
    await page.getByRole('button', { name: 'この内容で保存' }).click()
    await expect(page.getByRole('status').filter({ hasText: '保存しました' })).toBeInViewport({ ratio: 1 })
    const saved = bff.mock.requests.findLast(({ method }) => method === 'POST')
    const { act, seen, phones } = JSON.parse(saved?.body ?? '') as { act: string; seen: string; phones: { number: string; kind: string }[] }
    expect({ act, seen: seen.slice(-4), phones: phones.map(({ number, kind }) => `${number} ${kind}`) }).toEqual({
      act: 'change_contact',
      seen: 'b001',
      phones: ['090-0000-0001 mobile', '0999-00-0002 work', '０９０－００００－０００３ mobile'],
    })
  })

test('what is planned for a coming day is corrected or taken back, and not changed over', async ({ page, bff, open }) => {
  bff.mock.moving = true
  await open('office', `${cardOf(bff)}/change/contact`)
  await expect(page.getByText('ある日から変わる')).toHaveCount(0)
  await page.getByText('12月1日（火）からの内容を直す').click()
  await expect(page.getByLabel('住所')).toHaveValue('紬市西町9番')
  await page.getByText('12月1日（火）からの変更を取りやめる').click()
  await expect(page.getByLabel('住所')).toHaveCount(0)
  await page.getByLabel('わけ').fill('引っ越しをやめた')
  await page.getByRole('button', { name: '保存する前に確かめる' }).click()
  await page.getByRole('button', { name: 'この内容で保存' }).click()
  await expect(page.getByText('閲覧は記録されます')).toBeVisible()
  const saved = JSON.parse(bff.mock.requests.findLast(({ method }) => method === 'POST')?.body ?? '') as { act: string; seen: string; reason: string }
  expect({ ...saved, seen: saved.seen.slice(-4) }).toEqual({ act: 'cancel_contact', seen: 'b002', reason: '引っ越しをやめた' })
})

test('whoever has not chosen what it is about is asked to, and nothing is sent', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('office', `${cardOf(bff)}/change/name`)
  await page.getByRole('button', { name: '保存する前に確かめる' }).click()
  await expect(page.getByRole('radiogroup', { name: 'どちらですか' })).toHaveAccessibleDescription('どれかを選んでください')
  await expect(page.getByRole('radio').first()).toBeFocused()
  expect(bff.mock.requests.filter(({ method }) => method === 'POST')).toEqual([])
  await page.keyboard.press('Space')
  await expect(page.getByText('どれかを選んでください')).toHaveCount(0)
})

test('on a phone a guardian has lines instead of columns: nothing is cut, the button is whole', async ({ page, bff, open }) => {
  await page.setViewportSize(PHONE)
  await open('office', cardOf(bff))
  const change = page.getByRole('link', { name: '直す', exact: true }).first()
  await change.scrollIntoViewIfNeeded()
  await expect(change).toBeInViewport({ ratio: 1 })
  await expect(page.getByText('操作', { exact: true }).first()).toBeAttached()
  expect(await page.getByRole('region', { name: '保護者' }).evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThanOrEqual(0)
})

test('who may not see a family has no number to call and no way to one', async ({ page, bff, open }) => {
  await open('teacher', cardOf(bff))
  await expect(page.getByRole('heading', { name: '保護者' })).toBeVisible()
  await expect(page.getByRole('link', { name: /090/ })).toHaveCount(0)
  await expect(page.getByRole('heading', { name: '連絡先' })).toHaveCount(0)
  await open('teacher', `${cardOf(bff)}/change/contact`)
  await expect(page.getByText('このページは見られません')).toBeVisible()
})

test('what no rule has looked at yet is told with the name of its field', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  const errors = [
    { field: 'correct_seat.number', message: '「0」は小さすぎます。1以上にしてください。' },
    { field: 'correct_seat.reason', message: '空のままです。書いてください。' },
  ]
  bff.mock.faults.push({ path: 'POST .*preview', status: 422, body: { type: 'https://tsumugi.example/problems/invalid', title: '入力を確かめてください', status: 422, detail: '', errors } })
  await open('office', `${cardOf(bff)}/change/seat`)
  await page.getByText('まちがいを直す', { exact: true }).click()
  await page.getByLabel('出席番号').fill('0')
  await page.getByRole('button', { name: '保存する前に確かめる' }).click()
  const told = page.getByRole('status')
  await expect(told).toContainText('出席番号: 「0」は小さすぎます。1以上にしてください。')
  await expect(told).toContainText('わけ: 空のままです。書いてください。')
  await expect(page.getByLabel('わけ')).toHaveAttribute('aria-invalid', 'true')
})

test('when somebody else came first both values are there, and nothing typed is lost', async ({ page, bff, open }, info) => {
  await page.setViewportSize(DESK)
  await open('office', `${cardOf(bff)}/change/name`)
  await page.getByText('まちがいを直す', { exact: true }).click()
  const family = page.getByLabel('氏', { exact: false }).first()
  await family.fill('高𣘺')
  await page.getByLabel('わけ').fill('戸籍の字')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'この内容で保存' })).toBeFocused()
  bff.mock.stale = true
  await page.keyboard.press('Enter')
  await expect(page.getByText('いまの内容: 氏名 高橋 花子')).toBeVisible()
  await expect(page.getByRole('button', { name: '保存する前に確かめる' }), 'the keyboard goes on').toBeFocused()
  await expect(family).toHaveValue('高𣘺')
  await page.screenshot({ path: `${info.project.outputDir}/look/change-stale-desk.png` })
  await page.getByRole('button', { name: '保存する前に確かめる' }).click()
  await page.getByRole('button', { name: 'この内容で保存' }).click()
  await expect(page.getByText('閲覧は記録されます')).toBeVisible()
  const last = bff.mock.requests.findLast(({ method }) => method === 'POST')!
  expect((JSON.parse(last.body) as { seen: number }).seen).toBe(2)
})

test('whoever is erased is gone from the page, and only the line of it stays', async ({ page, bff, open }, info) => {
  await page.setViewportSize(DESK)
  const { pupil } = bff.mock.town.own.members[2]!
  await open('board', `/people/${pupil.id}`)
  await page.getByRole('link', { name: '記録を消す' }).click()
  await page.getByLabel('この人の氏名').fill(`${pupil.family}${pupil.given}`)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('radiogroup', { name: 'わけ' })).toHaveAccessibleDescription('選んでください。')
  await expect(page.getByRole('radio').first()).toBeFocused()
  await page.getByText('保存期間が過ぎた').click()
  await page.getByRole('button', { name: '消す前に確かめる' }).click()
  await expect(page.getByText('まだ保存期間の中です')).toBeVisible()
  await page.getByText('誤って登録した').click()
  await page.getByRole('button', { name: '消す前に確かめる' }).click()
  const erase = page.getByRole('button', { name: `${pupil.family} ${pupil.given} の記録を消す` })
  await expect(erase).toBeVisible()
  await expect(page.getByRole('button', { name: '入れ直す' })).toBeFocused()
  expect(bff.mock.erased).toEqual([])
  await erase.click()
  await expect(page.getByText('だれの記録だったかは、残っていません')).toBeVisible()
  await expect(page.getByRole('status').filter({ hasText: '記録を消しました' })).toBeFocused()
  await expect(page.getByRole('row', { name: /誤って登録した/ })).toContainText('証明書の控え 1枚')
  await expect(page.getByText(pupil.given)).toHaveCount(0)
  await page.screenshot({ path: `${info.project.outputDir}/look/erased-desk.png` })
})
