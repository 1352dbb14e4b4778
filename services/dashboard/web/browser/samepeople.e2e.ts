import { axe, DESK, expect, PHONE, test } from './fixtures'

const LIST = '/imports/same-people'

for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE }))
  test(`two cards side by side, merged, and two again ${name}`, async ({ page, bff, open }, info) => {
    await page.setViewportSize(size)
    const look = async (state: string) => {
      await page.screenshot({ path: `${info.project.outputDir}/look/same-people-${state}-${name}.png`, fullPage: true })
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(page)).toEqual([])
    }
    await open('board', '/imports')
    await expect(page.getByText('同じ子かもしれないカードが2組あります')).toBeVisible()
    await page.getByRole('link', { name: '名寄せを確かめる' }).click()
    await expect(page.getByRole('heading', { name: '同じ子かもしれないカード' })).toBeVisible()
    await look('list')
    const kept = bff.mock.town.own.members[0]!.pupil
    await page.getByRole('link', { name: new RegExp(kept.given) }).first().click()
    const names = page.getByRole('row', { name: /氏名（本名）/ })
    await expect(names.getByText('ちがう')).toBeVisible()
    await expect(page.getByRole('row', { name: /生年月日/ }).getByText('ちがう')).toHaveCount(0)
    // By keyboard alone: the arrows choose, Enter in the note answers.
    await page.getByRole('radio', { name: '同じ子です' }).focus()
    await page.keyboard.press('Space')
    await expect(page.getByText('だけになります')).toBeVisible()
    await look('pair')
    await page.getByLabel('どう確かめたか').fill('家庭に電話で確かめた')
    await page.keyboard.press('Enter')
    await expect(page.getByText('同じ子として、まとめてあります')).toBeVisible()
    await look('merged')
    const sent = bff.mock.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/answer')).map(({ body }) => JSON.parse(body))
    expect(sent.at(-1)).toEqual({ seen: 1, answer: 'same', note: '家庭に電話で確かめた' })
    await page.getByRole('link', { name: '残したカードを見る' }).click()
    await expect(page.getByText('もう一つのカードを、このカードにまとめてあります')).toBeVisible()
    await look('card')
    await page.getByRole('link', { name: 'くらべる・元に戻す' }).click()
    await page.getByLabel('元に戻すわけ').fill('生年月日のまちがいだった')
    await page.getByRole('button', { name: '元に戻す' }).click()
    await expect(page.getByText('二つのカードに戻しました')).toBeVisible()
    await expect(page.getByRole('radio', { name: '同じ子です' })).toBeVisible()
  })

test('cards that contradict each other cannot be merged; another answer is kept and can be changed', async ({ page, bff, open }, info) => {
  await page.setViewportSize(DESK)
  const other = bff.mock.town.own.members[1]!.pupil
  await open('board', LIST)
  await page.getByRole('link', { name: new RegExp(other.given) }).first().click()
  await expect(page.getByText('両方に在籍しています')).toBeVisible()
  await expect(page.getByRole('radio', { name: '同じ子です' })).toHaveCount(0)
  await expect(page.getByRole('link', { name: /第二小学校 転入/ }), 'what made the second card is one press away').toHaveAttribute('href', /\/moves\/[\da-f-]+$/)
  await page.screenshot({ path: `${info.project.outputDir}/look/same-people-refused-desk.png`, fullPage: true })
  expect(await axe(page)).toEqual([])
  await page.getByText('べつの子です').click()
  await page.getByRole('button', { name: '答えを保存' }).click()
  await expect(page.getByRole('heading', { name: 'べつの子と確かめたカード' })).toBeVisible()
})

test('nobody else has the page; without questions it says so', async ({ page, bff, open }) => {
  bff.mock.empty = true
  await open('board', LIST)
  await expect(page.getByText('確かめる名寄せはありません')).toBeVisible()
})

for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE }))
  test(`a pair that nothing points at is asked about from a child's card, by keyboard alone ${name}`, async ({ page, bff, open }, info) => {
    await page.setViewportSize(size)
    const look = async (state: string) => {
      await page.screenshot({ path: `${info.project.outputDir}/look/same-people-${state}-${name}.png`, fullPage: true })
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(page)).toEqual([])
    }
    const [one, other] = [bff.mock.town.own.members[2]!.pupil, bff.mock.town.own.members[4]!.pupil]
    const toFind = async () => {
      await open('board', `/people/${one.id}`)
      await page.getByRole('link', { name: 'もう一つのカードとくらべる' }).focus()
      await page.keyboard.press('Enter')
      await expect(page.getByRole('strong').filter({ hasText: one.given })).toBeVisible()
      await expect(page.getByRole('combobox', { name: 'もう一つのカード' }), 'what is left to choose has the focus').toBeFocused()
    }
    await toFind()
    await page.keyboard.type(`${other.family_kana}${other.given_kana}`)
    await expect(page.getByRole('option', { name: new RegExp(other.given) }).first()).toBeVisible()
    await look('find')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('strong').filter({ hasText: other.given })).toBeVisible()
    await page.getByLabel('同じ子だと思うわけ').fill('前の学校の名前で届いた')
    await look('ask')
    await page.keyboard.press('Enter')
    await expect(page.getByText('職員がたずねた')).toBeVisible()
    await expect(page.getByRole('radio', { name: '同じ子です' })).toBeVisible()
    await expect(page.getByLabel('どう確かめたか')).toHaveValue('前の学校の名前で届いた')
    const sent = bff.mock.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/same-people')).map(({ body }) => JSON.parse(body))
    expect(sent.at(-1)).toEqual({ one: one.id, other: other.id, note: '前の学校の名前で届いた' })
    // Asked once more, the way to its question is shown.
    await toFind()
    await page.keyboard.type(`${other.family_kana}${other.given_kana}`)
    await page.getByRole('option', { name: new RegExp(other.given) }).first().click()
    await page.getByRole('button', { name: '名寄せの一覧に入れて、くらべる' }).click()
    await expect(page.getByText('もう名寄せの一覧にあります')).toBeVisible()
    await look('asked-already')
    await page.getByRole('link', { name: 'その問いを開く' }).click()
    await expect(page.getByText('職員がたずねた')).toBeVisible()
  })

test('both cards are chosen from the list of questions too; the same card twice is refused; a school has no such button', async ({ page, bff, open }) => {
  const one = bff.mock.town.own.members[2]!.pupil
  bff.mock.empty = false
  await open('board', LIST)
  await page.getByRole('link', { name: 'ほかの二つのカードをくらべる' }).click()
  await expect(page.getByRole('combobox', { name: '一つめのカード' })).toBeFocused()
  for (const label of ['一つめのカード', 'もう一つのカード']) {
    await page.getByRole('combobox', { name: label }).fill(one.given_kana)
    await page.getByRole('option', { name: new RegExp(one.given) }).first().click()
  }
  await page.getByRole('button', { name: '名寄せの一覧に入れて、くらべる' }).click()
  await expect(page.getByText('同じカードが二つえらばれています')).toBeVisible()
  await open('office', `/people/${one.id}`)
  await expect(page.getByRole('link', { name: '学級・番号を直す' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'もう一つのカードとくらべる' })).toHaveCount(0)
})
