/** The live connection when what may be seen changes: no page outlives the right to it. */
import type { Page } from '@playwright/test'
import { cell, expect, presses, ready, rollPath, schoolPath, takeAll, test, TODAY, type Bff } from './fixtures'

const NO_RIGHT = { name: 'このページは見られません' }

test('a roll leaves the screen when the duty behind it ends, and what was typed waits', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await followed(page, bff)
  await presses(page, '1', '2', 'k')
  const name = bff.mock.town.own.members[0]!.pupil.family
  await expect(page.getByText(name).first()).toBeVisible()
  bff.mock.faults.push({ path: 'GET /api/(live|classes/.*/roll)$', status: 404 })
  bff.mock.streams.forEach(({ answer }) => answer.write('event: end\ndata: {"reason":"duties"}\n\n'))
  bff.mock.streams.forEach(({ answer }) => answer.end())
  await expect(page.getByRole('heading', NO_RIGHT)).toBeVisible()
  await expect(page.getByText(name)).toHaveCount(0)
  await expect(page.getByText('時点の表示です')).toHaveCount(0) // nothing is shown that could be old
  bff.mock.faults.length = 0
  await page.reload() // the duty came back
  await expect(cell(page, 12)).toContainText('病欠')
})

test('a stream that was lost and is then refused takes the page along', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await followed(page, bff)
  bff.mock.faults.push({ path: 'GET /api/(live|classes/.*/roll)$', status: 403 })
  bff.mock.streams.forEach(({ answer }) => answer.end())
  await expect(page.getByRole('heading', NO_RIGHT)).toBeVisible()
})

test('a page left behind is not shown again from memory after a duty has ended', async ({ page, bff, open }) => {
  await open('teacher', rollPath(bff))
  await followed(page, bff)
  const name = bff.mock.town.own.members[0]!.pupil.family
  await page.getByRole('navigation').getByRole('link', { name: '今日' }).click()
  await expect(page.getByRole('heading', { name: '2年1組' })).toBeVisible()
  await expect.poll(() => [...bff.mock.streams].flatMap(({ keys }) => keys).length).toBe(2)
  bff.mock.faults.push({ path: 'GET /api/classes/.*/roll$', hold: true })
  const asked = page.waitForRequest(/\/api\/me$/)
  bff.mock.streams.forEach(({ answer }) => answer.write('event: end\ndata: {"reason":"duties"}\n\n'))
  await asked
  await page.goBack()
  await expect(page.getByRole('heading', { name: '2年1組' })).toHaveCount(0)
  await expect(page.getByText(name)).toHaveCount(0)
})

test('what another school does to a move stands on this school\'s screen by itself, and no open form is lost', async ({ page, bff, open }) => {
  const child = bff.mock.town.own.members[0]!.pupil
  const move = bff.mock.office.add('within', child, { accepted: '2026-11-24', to: bff.mock.town.schools[1]!.school })
  const act = (what: string, body: unknown) => {
    bff.mock.office.act(`/api/registry/v1/moves/${move.id}/${what}`, body)
    bff.mock.tellOffices()
  }
  await open('office', `/moves/${move.id}`)
  await expect(page.getByText('まだ決まっていません')).toBeVisible()
  await expect(page.getByText('自動で更新')).toBeVisible()
  act('place', { class_id: 'x', number: 7 })
  await expect(page.getByText('2年1組 7番')).toBeVisible()
  await page.getByRole('button', { name: '日付を直す' }).click()
  await page.getByLabel('受け入れる日').fill('11/25')
  act('steps', { step: 'records_received', on: TODAY })
  await expect(page.getByText('11月20日（金） 済み')).toHaveCount(3)
  await expect(page.getByLabel('受け入れる日')).toHaveValue('11/25')
  await page.getByRole('button', { name: 'この日付にする' }).click()
  const sent = bff.mock.requests.findLast(({ path }) => path.endsWith('/dates'))!
  expect(JSON.parse(sent.body)).toMatchObject({ seen: 2 }) // as it stood when the form was opened
  await page.goto(`${bff.url}/moves`)
  await expect(page.getByRole('link', { name: new RegExp(child.given) })).toBeVisible()
  await expect(page.getByText('自動で更新')).toBeVisible()
  act('undo', {})
  await expect(page.getByText('取り消し')).toBeVisible()
})

test('questions of 名寄せ and next year\'s classes change by themselves', async ({ page, bff, open }) => {
  const { mock } = bff
  await open('board', '/imports/same-people')
  await expect(page.getByText('自動で更新')).toBeVisible()
  await expect(page.getByText('2組', { exact: true })).toBeVisible()
  mock.same.act('board', '/api/registry/v1/same-people/00000000-0000-4000-8000-000000000701/answer', { seen: 1, answer: 'different', note: '' })
  mock.tellOffices()
  await expect(page.getByText('1組', { exact: true }).first()).toBeVisible()
  await open('office', `/schools/${mock.town.schools[0]!.school.id}/class-plans/2027`)
  await expect(page.getByText('自動で更新')).toBeVisible()
  const plan = { classes: [{ id: 'c1', name: '3年9組', grade: 'P3', special_needs: false, homeroom: null }], seats: {}, apart: [], together: [], stay: [] }
  mock.office.act('/api/registry/v1/schools/x/class-plans/2027', { seen: 0, plan })
  mock.tellOffices()
  await expect(page.getByText('3年9組').first()).toBeVisible()
})

test('a page that does not change by itself does not say that it does', async ({ page, bff, open }) => {
  await open('office', '/people')
  await expect(page.getByText('自動で更新')).toBeVisible()
  const { family, given } = bff.mock.town.own.members[0]!.pupil
  await page.getByRole('link', { name: new RegExp(`${family}.*${given}`) }).first().click()
  await expect(page.getByRole('heading', { name: '在籍と学級' })).toBeVisible()
  await expect(page.getByText('自動で更新')).toBeHidden()
})

const AWAY = {
  type: 'https://tsumugi.example/problems/issuer-away',
  title: 'サインインを確かめられません',
  status: 503,
  detail: 'サインインのしくみが、いま止まっています。少し待ってから、もう一度お試しください。入力したものは消えていません。',
  errors: [],
}

test('a page that cannot be read because nobody can say who signed in says so, and goes on by itself', async ({ page, bff, open }) => {
  bff.mock.faults.push({ path: 'GET /api/(?!live)', status: 503, body: AWAY })
  await open('principal', schoolPath(bff))
  await expect(page.getByText(AWAY.detail)).toBeVisible()
  await expect(page.getByText('サインインが必要です')).toHaveCount(0)
  bff.mock.faults.length = 0
  await page.getByRole('button', { name: 'もう一度読み込む' }).click()
  await expect(page.getByText('自動で更新')).toBeVisible()
  bff.mock.faults.push({ path: 'GET /api/(?!live)', status: 503, body: AWAY })
  bff.mock.tell(bff.mock.town.own.class.id, TODAY)
  await expect(page.getByText('8:19 時点の表示です')).toBeVisible() // what was read stays, with its age
  takeAll(bff)
  bff.mock.faults.length = 0
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect(page.getByText('12学級がまだ確定していません')).toBeVisible()
})

/** The roll stands and its stream too. */
async function followed(page: Page, bff: Bff): Promise<void> {
  await ready(page)
  await expect.poll(() => bff.mock.streams.size).toBe(1)
}
