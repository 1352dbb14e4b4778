/** 保護者の招待 in a browser: sheets for those who have none, class by class; one more for whoever has lost it. */
import { commands, DESK, expect, PHONE, test } from './fixtures'
import { looks } from './looks'

const PATH = '/people/invitations'
const one = (name: string) => `${name} 健一`

test.describe('the work', () => {
  test.beforeEach(({ page }) => page.setViewportSize(DESK))

  test('all who have none get a sheet, class by class, and nobody else', async ({ page, bff, open }) => {
    await open('office', '/people')
    await page.getByRole('link', { name: '保護者の招待' }).click()
    await page.getByRole('button', { name: '紙のない16人の紙を作る' }).click()
    await expect(page.getByRole('link', { name: /の紙（4枚）を開く$/ })).toHaveCount(4)
    await expect(page.getByText('まだの人には、みな紙があります。')).toBeVisible()
    const sent = commands(bff)
    expect(sent.map(({ path }) => path)).toEqual(Array(4).fill(`/api/identity/v1/schools/${bff.mock.town.schools[0]!.school.id}/invitations/sheets`))
    const bodies = sent.map(({ body }) => JSON.parse(body) as { class_id: string; sheets: { guardian: string; seen: string | null }[] })
    expect(new Set(bodies.map(({ class_id: of }) => of)).size).toBe(4)
    // Of each class two have none (nothing seen) and two have one that is too old.
    for (const { sheets } of bodies) expect(sheets.map(({ seen }) => seen === null).toSorted()).toEqual([false, false, true, true])
    const fetched = page.waitForEvent('download')
    await page.getByRole('link', { name: /の紙（4枚）を開く$/ }).first().click()
    expect((await fetched).suggestedFilename()).toMatch(/^招待の紙_.+\.pdf$/)
  })

  test('a lost sheet is made once more, and one that went astray opens nothing', async ({ page, bff, open }) => {
    await open('office', PATH)
    await page.getByRole('link', { name: bff.mock.invitations.classes()[0]!.name }).click()
    const row = page.getByRole('row').filter({ hasText: one('上田') })
    await expect(row).toContainText('紙あり（12月20日（日）まで、佐藤 恵）')
    await page.getByRole('button', { name: `${one('上田')}さんの紙をもう一度作る` }).click()
    await expect(page.getByRole('link', { name: /の紙（1枚）を開く$/ })).toBeVisible()
    await page.getByRole('button', { name: `${one('上田')}さんの紙を使えなくする` }).click()
    await expect(row).toContainText('紙なし')
    expect(commands(bff)).toHaveLength(2)
  })

  test('who is quicker, what is lost, what cannot be printed: each is said', async ({ page, bff, open }) => {
    const { invitations } = bff.mock
    const [first] = invitations.classes()
    invitations.quicker.add(first!.families[0]!.guardian.id)
    invitations.missing = ['𠮟']
    await open('office', `${PATH}?class=${first!.id}`)
    await page.getByRole('button', { name: '紙のない4人の紙を作る' }).click()
    await expect(page.getByText('1人は、ほかの人が先に紙を作ったか、保護者でなくなったので、作りませんでした。')).toBeVisible()
    await expect(page.getByText('印刷用の書体にない字（𠮟）は〓にしました。')).toBeVisible()
    invitations.lost = true
    await page.getByRole('button', { name: `${one('上田')}さんの紙をもう一度作る` }).click()
    await expect(page.getByText('届く前に途切れました')).toBeVisible()
  })

  test('nobody prints without having proved who they are just now', async ({ page, bff, open }) => {
    bff.mock.invitations.stale = true
    await open('principal', PATH)
    await page.getByRole('button', { name: '紙のない16人の紙を作る' }).click()
    await expect(page.getByRole('link', { name: '本人確認をする' })).toHaveAttribute('href', '/auth/login?to=%2Fpeople%2Finvitations&again=true')
    await expect(page.getByRole('link', { name: /を開く$/ })).toHaveCount(0)
    expect(commands(bff)).toHaveLength(1) // the other classes are not tried
  })

  test('a teacher is not led there', async ({ page, open }) => {
    await open('teacher', '/people')
    await expect(page.getByRole('heading', { name: '名簿' }).first()).toBeVisible()
    await expect(page.getByRole('link', { name: '保護者の招待' })).toHaveCount(0)
    await open('teacher', PATH)
    await expect(page.getByText('このページは見られません')).toBeVisible()
  })

  test('before the sign-in the sheet has a way of its own', async ({ page, bff }) => {
    await page.setViewportSize(PHONE)
    await page.goto(`${bff.url}/signed-out`)
    await expect(page.getByRole('link', { name: '学校の紙で入る' })).toHaveAttribute('href', '/auth/login?by=paper')
  })
})

looks([
  { name: 'invitations', role: 'office', path: () => PATH, until: '紙のない16人の紙を作る' },
  {
    name: 'invitations-made',
    role: 'office',
    path: () => PATH,
    act: (page) => page.getByRole('button', { name: '紙のない16人の紙を作る' }).click(),
    until: 'まだの人には、みな紙があります。',
    whole: true,
  },
  { name: 'invitations-class', role: 'office', path: (bff) => `${PATH}?class=${bff.mock.invitations.classes()[0]!.id}`, until: '紙のない4人の紙を作る', whole: true },
  {
    name: 'invitations-empty',
    role: 'office',
    path: () => PATH,
    set: (bff) => {
      bff.mock.invitations.empty = true
    },
    until: '招待できる保護者がいません',
  },
  {
    name: 'invitations-loading',
    role: 'office',
    path: () => PATH,
    set: (bff) => void bff.mock.faults.push({ path: 'GET /api/identity', hold: true }),
    until: '保護者の招待',
  },
  {
    name: 'invitations-error',
    role: 'office',
    path: () => PATH,
    set: (bff) => void bff.mock.faults.push({ path: 'GET /api/identity', status: 503 }),
    until: '保護者の招待を読み込めません',
  },
])
