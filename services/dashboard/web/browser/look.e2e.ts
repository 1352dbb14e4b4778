import type { Page } from '@playwright/test'
import { FOUND, LOSSES } from '../dev/imports.mjs'
import type { Found, Run, UploadState } from '../src/screens/office/imports/types'
import { expect, rollPath, schoolPath, stranded, takeAll, TODAY, type Bff } from './fixtures'
import { looks, type Look } from './looks'

const today = () => '/today'

const HOME: Look[] = [
  { name: 'home', role: 'teacher', path: today, until: '朝の記録を始める' },
  { name: 'home-done', role: 'teacher', path: today, set: (bff) => takeAll(bff, bff.mock.town.own, { 12: 'absent_sick', 26: 'late' }), until: '8:21 に確定' },
  { name: 'home-holiday', role: 'teacher', path: today, set: ({ mock }) => void (mock.schoolDay = false), until: '学校が休みの日' },
  { name: 'home-empty', role: 'nobody', path: today, until: '受け持つ学級はありません' },
  { name: 'home-substitute', role: 'substitute', path: today, until: '補欠' },
  { name: 'home-office', role: 'office', path: today, set: (bff) => some(bff), until: '事務室' },
  { name: 'home-stranded', role: 'teacher', path: today, until: '控えを消す', act: stranded },
  { name: 'home-error', role: 'teacher', path: today, set: ({ mock }) => void mock.faults.push({ path: '/api/today', status: 503 }), until: 'もう一度読み込む' },
  { name: 'home-offline', role: 'teacher', path: today, set: ({ mock }) => void mock.faults.push({ path: '/api/today', drop: true }), until: 'つながっていません' },
  { name: 'home-loading', role: 'teacher', path: today, set: ({ mock }) => void mock.faults.push({ path: '/api/today', hold: true }), until: '11月20日（金）' },
]

const ROLL: Look[] = [
  { name: 'roll', role: 'teacher', path: rollPath, until: '残り35人を出席にして確定' },
  {
    name: 'roll-entered', role: 'teacher', path: rollPath, until: '残り33人を出席にして確定',
    act: async (page) => {
      if ((page.viewportSize()?.width ?? 0) < 768) {
        await tap(page, '12', '病欠')
        await tap(page, '26', '遅刻')
      } else await page.keyboard.type('12K26C')
    },
  },
  {
    name: 'roll-panel', role: 'teacher', path: rollPath, until: '入力の経過',
    set: (bff) => bff.mock.mark(bff.mock.town.own.class.id, TODAY, bff.mock.town.own.members[2]!.pupil.id, 'late', { source: 'notice', who: '母' }),
    act: async (page) => {
      if ((page.viewportSize()?.width ?? 0) < 768) await page.getByRole('button', { name: /^3/ }).last().click()
      else await page.locator('[data-cell="2-0"]').click()
    },
  },
  { name: 'roll-taken', role: 'teacher', path: rollPath, set: (bff) => takeAll(bff, bff.mock.town.own, { 12: 'absent_sick', 26: 'late', 30: 'suspended' }), until: '8:21 に確定しました' },
  {
    name: 'roll-correction', role: 'teacher', path: rollPath, set: (bff) => takeAll(bff), until: '訂正のわけ', sizes: ['desk'],
    act: async (page) => page.keyboard.type('12K'),
  },
  {
    name: 'roll-conflict', role: 'teacher', path: rollPath, until: 'どちらにしますか', sizes: ['desk'],
    act: async (page, bff) => {
      await page.keyboard.type('12C')
      await bff.mock.mark(bff.mock.town.own.class.id, TODAY, bff.mock.town.own.members[11]!.pupil.id, 'absent_sick', { source: 'office', who: '山田 恵' })
    },
  },
  {
    name: 'roll-unsent', role: 'teacher', path: rollPath, until: '未送信 1件', sizes: ['desk'],
    set: ({ mock }) => void mock.faults.push({ path: 'POST', drop: true }),
    act: async (page) => {
      await page.keyboard.type('12K')
      await page.keyboard.press('Control+Enter')
    },
  },
  {
    name: 'roll-refused', role: 'teacher', path: rollPath, until: '入力に戻して直す', sizes: ['desk'],
    set: ({ mock }) => void mock.faults.push({ path: 'POST', status: 422, body: { type: 'x', title: '印を読めません', status: 422, detail: '', errors: [{ cell: '12番', message: '「Q」という印はありません' }] } }),
    act: async (page) => {
      await page.keyboard.type('12K')
      await page.keyboard.press('Control+Enter')
    },
  },
  { name: 'roll-clash', role: 'teacher', path: rollPath, set: (bff) => clash(bff), until: '出席停止の期間中です' },
  { name: 'roll-closed', role: 'teacher', path: rollPath, set: ({ mock }) => void (mock.closed = { reason: '学級閉鎖（インフルエンザ）' }), until: '出欠はとりません' },
  {
    name: 'roll-closed-later', role: 'teacher', path: rollPath, until: '出欠はとりません',
    set: (bff) => {
      takeAll(bff, bff.mock.town.own, { 12: 'absent_sick', 26: 'late' })
      bff.mock.closed = { reason: '学級閉鎖（インフルエンザ）' }
    },
  },
  { name: 'roll-readonly', role: 'principal', path: rollPath, until: '見るだけです' },
  { name: 'roll-empty', role: 'teacher', path: rollPath, set: ({ mock }) => void (mock.empty = true), until: '在籍している子がいません' },
  { name: 'roll-error', role: 'teacher', path: rollPath, set: ({ mock }) => void mock.faults.push({ path: '/api/classes', status: 500 }), until: '読み込めません' },
  { name: 'roll-offline', role: 'teacher', path: rollPath, set: ({ mock }) => void mock.faults.push({ path: '/api/classes', drop: true }), until: 'つながっていません' },
  { name: 'roll-keys', role: 'teacher', path: rollPath, until: 'キーの一覧', sizes: ['desk'], act: async (page) => page.keyboard.press('?') },
  {
    name: 'roll-ended', role: 'teacher', path: rollPath, until: 'サインインの時間が終わりました',
    act: async (page, bff) => {
      bff.mock.sessions.clear()
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    },
  },
]

const READING = {
  schools: ['school', 'principal', schoolPath],
  board: ['board', 'board', () => '/board'],
  operations: ['operations', 'operator', () => '/operations'],
} as const

const OTHERS: Look[] = [
  { name: 'school', role: 'principal', path: schoolPath, set: (bff) => some(bff), until: '学級がまだ確定していません' },
  { name: 'school-done', role: 'principal', path: schoolPath, set: (bff) => bff.mock.town.schools[0]!.classes.forEach((one) => takeAll(bff, one, { 3: 'absent_sick' })), until: 'そろいました' },
  { name: 'school-holiday', role: 'principal', path: schoolPath, set: ({ mock }) => void (mock.schoolDay = false), until: '休みの日です' },
  { name: 'school-empty', role: 'principal', path: schoolPath, set: ({ mock }) => void (mock.empty = true), until: '学級がありません' },
  { name: 'board', role: 'board', path: () => '/board', set: (bff) => some(bff), until: 'そろっていない学校' },
  { name: 'imports', role: 'board', path: () => '/imports', set: (bff) => imports(bff), until: '名簿のファイルを選ぶ' },
  { name: 'imports-empty', role: 'office', path: () => '/imports', until: 'まだ取り込みがありません' },
  { name: 'imports-no-right', role: 'teacher', path: () => '/imports', until: 'このページは見られません' },
  { name: 'imports-error', role: 'board', path: () => '/imports', set: ({ mock }) => void mock.faults.push({ path: '/v1/imports', status: 503 }), until: 'もう一度読み込む' },
  { name: 'imports-offline', role: 'board', path: () => '/imports', set: ({ mock }) => void mock.faults.push({ path: '/v1/imports', drop: true }), until: 'つながっていません' },
  { name: 'import-checking', role: 'board', path: (bff) => uploadPath(bff, 'checking', {}, true), until: '名簿を確かめています' },
  { name: 'import-problems', role: 'board', path: (bff) => uploadPath(bff, 'refused', { total: 3, files: { 'demographics.csv': 1, 'users.csv': 2 }, notes: 0 }), until: '表計算ソフトが数に変えた番号です' },
  { name: 'import-preview', role: 'board', path: (bff) => uploadPath(bff, 'ready', FOUND), until: '取り込む（変更8件）' },
  {
    name: 'import-details', role: 'board', path: (bff) => uploadPath(bff, 'ready', FOUND), until: 'ここには出しません',
    act: (page) => page.getByRole('button', { name: /氏名など/ }).click(),
  },
  { name: 'import-losses', role: 'board', path: (bff) => uploadPath(bff, 'ready', { ...FOUND, losses: LOSSES }), until: '312人が在籍でなくなります' },
  { name: 'import-nothing', role: 'board', path: (bff) => uploadPath(bff, 'ready', { nothing: true, changes: {}, notes: 0 }), until: '変更はありません' },
  { name: 'import-running', role: 'board', path: (bff) => runPath(bff, { state: 'applying', working: true, parts_done: 5, part: '第一小', held: true }), until: '取り込んでいます 5 / 12' },
  { name: 'import-stopped', role: 'board', path: (bff) => runPath(bff, { state: 'applying', parts_done: 5 }), until: '途中で止まっています' },
  { name: 'import-done', role: 'board', path: (bff) => runPath(bff), until: '元に戻す' },
  { name: 'operations', role: 'operator', path: () => '/operations', until: 'すべて届いています' },
  { name: 'operations-trouble', role: 'operator', path: () => '/operations', set: (bff) => trouble(bff), until: '取り込めずに待っている' },
  {
    name: 'operations-parked', role: 'operator', path: () => '/operations', set: (bff) => trouble(bff), until: '前の記録を待っています',
    act: async (page) => page.getByRole('button', { name: /を開く$/ }).click(),
  },
  {
    name: 'operations-parked-discard', role: 'operator', path: () => '/operations', set: (bff) => trouble(bff), until: 'もとには戻せません',
    act: async (page) => {
      await page.getByRole('button', { name: /を開く$/ }).click()
      await page.getByRole('button', { name: 'もう一度取り込む' }).click()
      await page.getByText('まだ取り込めません').waitFor()
      await page.getByRole('button', { name: '捨てる…' }).click()
      await page.getByRole('button', { name: '3件を捨てる' }).click()
      await page.getByText('捨てるわけを書いてください').waitFor()
    },
  },
  ...(['schools', 'board', 'operations'] as const).flatMap((what): Look[] => {
    const [name, role, path] = READING[what]
    return [
      { name: `${name}-error`, role, path, set: ({ mock }) => void mock.faults.push({ path: `/api/${what}`, status: 500 }), until: '読み込めません' },
      { name: `${name}-offline`, role, path, set: ({ mock }) => void mock.faults.push({ path: `/api/${what}`, drop: true }), until: 'つながっていません' },
    ]
  }),
  { name: 'board-empty', role: 'board', path: () => '/board', set: ({ mock }) => void (mock.empty = true), until: '学校がありません' },
  { name: 'board-holiday', role: 'board', path: () => '/board', set: ({ mock }) => void (mock.schoolDay = false), until: 'どの学校も休みの日です' },
  { name: 'no-such-day', role: 'teacher', path: (bff) => rollPath(bff, '2026-02-31'), until: '日付がありません' },
  { name: 'no-right', role: 'teacher', path: () => '/nowhere', until: 'このページは見られません' },
  { name: 'signed-out', role: 'teacher', path: () => '/signed-out', until: 'サインアウトしました' },
  { name: 'sign-in', role: 'teacher', path: today, set: ({ mock }) => mock.sessions.clear(), until: 'サインインする' },
  { name: 'me', role: 'teacher', path: today, until: 'キーの一覧', act: (page) => page.getByRole('button', { name: 'わたし' }).click() },
]

async function tap(page: Page, number: string, word: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${number}\\D`) }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: word, exact: true }).click()
}

function clash({ mock }: Bff): void {
  const { own } = mock.town
  const cell = mock.mark(own.class.id, TODAY, own.members[6]!.pupil.id, 'present')
  cell.contradiction = '出席停止の期間中です（11月18日〜21日）。出席と入っています'
}

function some(bff: Bff): void {
  const { classes } = bff.mock.town.schools[0]!
  classes.slice(0, 7).forEach((one, i) => takeAll(bff, one, { [3 + i]: 'absent_sick', [9 + i]: i % 2 ? 'late' : 'early_leave', [15 + i]: i % 3 ? 'present' : 'suspended' }))
}

function imports({ mock }: Bff): void {
  mock.imports.run({ state: 'reverted' })
  mock.imports.run()
  mock.imports.upload('ready', FOUND)
  mock.imports.upload('refused', { total: 3 })
}

function uploadPath({ mock }: Bff, state: UploadState, found: Found, held = false): string {
  return `/imports/uploads/${mock.imports.upload(state, found, { held }).id}`
}

function runPath({ mock }: Bff, more: Partial<Run> & { held?: boolean } = {}): string {
  return `/imports/runs/${mock.imports.run(more).run}`
}

function trouble({ mock }: Bff): void {
  mock.lag = 37
  mock.parked.push({ service: 'dashboard', copy: 'school_day', publisher: 'registry', key: '0199aaaa-0000-7000-8000-000000000012', keys: 1, count: 3, reason: 'version 2 of 0199aaaa-0000-7000-8000-000000000099 is missing', parked_at: `${TODAY}T07:58:00+09:00` })
  mock.parked.push({ service: 'identity', copy: 'directory', publisher: 'registry', key: null, keys: 2, count: 5, reason: null, parked_at: null })
}

/** What is done to a page is done when it stands. */
const stands = (page: Page) => expect(page.locator('#main').getByText(/残り|確定|を始める|取り込む/).first()).toBeVisible()

looks([...HOME, ...ROLL, ...OTHERS].map(({ act, ...look }) => (act ? { ...look, act: async (page, bff) => { await stands(page); await act(page, bff) } } : look)))
