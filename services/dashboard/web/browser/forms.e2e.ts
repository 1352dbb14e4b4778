import type { Page } from '@playwright/test'
import { DESK, expect, test } from './fixtures'
import { looks } from './looks'

test.use({ viewport: DESK })

const FORMS = '/settings/certificates'
const BOOKS = '/settings/textbooks'
const save = (page: Page) => page.getByRole('button', { name: 'この日から使う' })
const books = (page: Page) => page.getByRole('textbox', { name: '全学年の教科書（1行に1冊）' })
const picture = (page: Page) => page.getByRole('img', { name: '見本 1ページ' })

test('a form is written beside its sample and holds from its day; the other form stays as it is', async ({ page, bff, open }) => {
  await open('board', FORMS)
  await expect(picture(page)).toBeVisible()
  await expect(page.getByRole('link', { name: 'PDFを受け取る' })).toHaveAttribute('href', /^data:application\/pdf;base64,/)
  await page.getByLabel('題名').fill('在学を証する書')
  await page.getByLabel('1行目の見出し').fill('ふりがなと氏名')
  await page.getByRole('button', { name: '3行目を上へ' }).click()
  await page.getByLabel('文字の大きさ').fill('１０．５')
  await page.getByLabel('在学中の文（1行に1文）').fill('本校に在学している。\n{school}')
  const sampled = () => bff.mock.requests.filter(({ path }) => path.endsWith('/sample')).at(-1)
  await expect.poll(() => sampled()?.body).toContain('{school}')
  expect(JSON.parse(sampled()!.body)).toMatchObject({ kind: 'enrolment', left: false, form: { title: '在学を証する書', size: 10.5, body: ['本校に在学している。', '{school}'] } })
  await page.getByRole('button', { name: '転出したあとの文で見る' }).click()
  await expect.poll(() => sampled()?.body).toContain('"left":true')
  expect(bff.mock.forms.said['certificate-forms'], 'a sample keeps nothing').toHaveLength(1)
  await page.getByLabel('始まる日').fill('2027/4/1')
  await save(page).click()
  await expect(page.getByText('2027年4月1日から（まだ始まっていない）')).toBeVisible()
  const kept = page.getByRole('status').filter({ hasText: '保存しました。2027年4月1日から使います。' })
  await expect(kept).toBeVisible()
  const { value } = bff.mock.forms.said['certificate-forms'].find(({ since }) => since === '2027-04-01') as { value: Record<string, { title: string; rows: unknown[] }> }
  expect(value['enrolment']!.rows).toEqual([
    { label: 'ふりがなと氏名', field: 'name' },
    { label: '学年', field: 'grade' },
    { label: '生年月日', field: 'birth_date' },
  ])
  expect(value['textbooks']!.title).toBe('教科用図書給与証明書')
  await expect(page.getByLabel('題名'), 'what holds today is shown again').toHaveValue('在学証明書')
  await page.getByRole('button', { name: '取りやめる' }).click()
  await expect(page.getByText('2027年4月1日から')).toHaveCount(0)
  await expect(kept, 'not of what was withdrawn').toHaveCount(0)
})

test('a field that there is not is named at once, and saves nothing; leaving asks first', async ({ page, bff, open }) => {
  await open('board', FORMS)
  await page.getByText('文や番号に差し込めるもの').click()
  await expect(page.getByText('{left_on}', { exact: true })).toBeVisible()
  await page.getByLabel('番号', { exact: true }).fill('第{serail}号')
  await expect(page.getByText('在学証明書の番号 {serail} という差し込みはありません。').first()).toBeVisible()
  await save(page).click()
  await expect(page.getByText('保存していません（1か所）').first()).toBeVisible()
  expect(bff.mock.forms.said['certificate-forms']).toHaveLength(1)
  await page.getByRole('link', { name: '教科書', exact: true }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'この画面に残る' }).click()
  await page.getByRole('button', { name: 'いまの決まりに戻す' }).click()
  await expect(page.getByLabel('番号', { exact: true })).toHaveValue('第{serial}号')
})

test('columns of the books are left out from behind', async ({ page, bff, open }) => {
  await open('board', FORMS)
  await page.getByText('教科用図書給与証明書', { exact: true }).click()
  await page.getByLabel('書名の列').fill('')
  await page.getByLabel('書名の列').press('Control+Enter') // as the button says
  await expect.poll(() => bff.mock.forms.said['certificate-forms'].length).toBe(2)
  const { value } = bff.mock.forms.said['certificate-forms'].find(({ since }) => since === '2026-11-20') as { value: Record<string, { columns: string[] }> }
  expect(value['textbooks']!.columns).toEqual(['種目', '発行者', '記号・番号'])
})

test('textbooks are pasted from a spreadsheet; a cell that cannot be read is named, and a colleague is not overwritten', async ({ page, bff, open }) => {
  await open('board', BOOKS)
  await expect(page.getByText('小2: 2冊、中3: 1冊（全部で3冊）')).toBeVisible()
  const lines = '小１\t国語\t３８ 光村\t国語 109\tこくご一上 かざぐるま\t\n\t書写\t38 光村\t書写 109\tしょしゃ'
  await books(page).fill(`${lines}\n九年\t国語\t\t\t本`)
  await save(page).click()
  await expect(page.getByText('3行目の学年 「九年」は学年として読めません')).toBeVisible()
  bff.mock.forms.revision = 7
  await books(page).fill(lines)
  await save(page).click()
  await expect(page.getByText('ほかの人が先に変えました')).toBeVisible()
  await expect(books(page)).toHaveValue(lines)
  await page.getByRole('button', { name: 'いまの決まりに戻す' }).click()
  await books(page).fill(lines)
  await save(page).click()
  await expect.poll(() => bff.mock.forms.said.textbooks.find(({ since }) => since === '2026-11-20')?.value).toEqual([
    ['小１', '国語', '３８ 光村', '国語 109', 'こくご一上 かざぐるま'],
    ['', '書写', '38 光村', '書写 109', 'しょしゃ'],
  ])
  await expect(page.getByText('まだ保存していません')).toHaveCount(0)
  await expect(page.getByText('保存しました。2026年11月20日から使います。')).toBeVisible()
  await page.getByRole('button', { name: 'これをもとに書く（2027年4月1日から）' }).click()
  await expect(page.getByLabel('始まる日')).toHaveValue('2027/4/1')
  await books(page).fill(`${await books(page).inputValue()}\n中3\t英語\t\t\t英語の本`)
  await save(page).click()
  await expect.poll(() => (bff.mock.forms.said.textbooks.find(({ since }) => since === '2027-04-01')?.value as unknown[]).length).toBe(4)
})

test('who keeps no roster finds neither', async ({ page, open }) => {
  await open('office', FORMS)
  await expect(page.getByText('このページは見られません')).toBeVisible()
})

looks([
  { name: 'forms', role: 'board', path: () => FORMS, until: 'PDFを受け取る', whole: true },
  {
    name: 'forms-books', role: 'board', path: () => FORMS, until: '教科書の表の見出し', whole: true,
    act: async (page) => {
      await page.getByText('教科用図書給与証明書', { exact: true }).click()
      await page.getByText('文や番号に差し込めるもの').click()
      await page.getByLabel('題名').fill('{x}')
      await page.getByText('という差し込みはありません').first().waitFor()
    },
  },
  { name: 'forms-none', role: 'board', path: () => FORMS, set: ({ mock }) => void (mock.empty = true), until: 'まだ決めていません' },
  { name: 'textbooks', role: 'board', path: () => BOOKS, until: '給与する教科書', whole: true },
  { name: 'textbooks-none', role: 'board', path: () => BOOKS, set: ({ mock }) => void (mock.empty = true), until: 'まだ入っていません' },
  { name: 'textbooks-error', role: 'board', path: () => BOOKS, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', status: 503 }), until: 'もう一度読み込む' },
  { name: 'forms-offline', role: 'board', path: () => FORMS, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', drop: true }), until: 'つながっていません' },
  { name: 'forms-loading', role: 'board', path: () => FORMS, set: ({ mock }) => void mock.faults.push({ path: 'GET /api/registry', hold: true }), until: '紬市教育委員会' },
])
