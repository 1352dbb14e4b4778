/** Without a mouse: every control of the pages to read is reached by Tab, seen where it is, and works by keys alone. */
import type { Page } from '@playwright/test'
import { DESK, expect, PHONE, presses, ready, rollPath, schoolPath, takeAll, test, TODAY, type Bff, type Role } from './fixtures'

test.use({ viewport: DESK })

const YESTERDAY = '2026-11-19'

/** What Tab stood on, in order. */
interface Stop {
  /** Index among the page's controls, or -1. */
  readonly control: number
  readonly words: string
  /** A ring is drawn round it. */
  readonly ringed: boolean
  /** It is within the window and nothing lies over it. */
  readonly uncovered: boolean
}

/** Presses Tab from the beginning of the page until it is through. */
async function walk(page: Page): Promise<{ readonly controls: string[]; readonly stops: Stop[] }> {
  const controls = await page.evaluate(() => {
    const found = [...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary, [tabindex]')]
    const open = found.filter((one) => one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }))
    Object.assign(window, { controls: open })
    ;(document.activeElement as HTMLElement | null)?.blur()
    return open.map((one) => (one.ariaLabel ?? one.textContent).trim())
  })
  const stops: Stop[] = []
  for (let n = 0; n < controls.length + 5; n += 1) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate((): Stop | null => {
      const at = document.activeElement
      if (!(at instanceof HTMLElement) || at === document.body) return null
      const [box] = at.getClientRects()
      const style = getComputedStyle(at)
      const hit = box && document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
      return {
        control: (window as unknown as { controls: Element[] }).controls.indexOf(at),
        words: (at.ariaLabel ?? at.textContent).trim(),
        ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        uncovered: hit != null && (at.contains(hit) || hit.contains(at)),
      }
    })
    if (!stop || stops.some(({ control }) => control === stop.control)) break
    stops.push(stop)
  }
  return { controls, stops }
}

/** Moves the focus to the first control with these words, as a person would. */
async function tabTo(page: Page, words: string | RegExp): Promise<void> {
  const found = page.locator('a:focus, button:focus').filter({ hasText: words })
  for (let n = 0; n < 80; n += 1) {
    if (await found.count()) return
    await page.keyboard.press('Tab')
  }
  await expect(found).toHaveCount(1)
}

const PAGES: readonly (readonly [name: string, role: Role, path: (bff: Bff) => string, until: string])[] = [
  // The last of a school's page to arrive: 連絡なしの子 is asked for by itself.
  ['the school', 'principal', schoolPath, '確定していない学級の子の名前を見る'],
  ['another day of the school', 'principal', (bff) => schoolPath(bff, YESTERDAY), '確定していない学級の子の名前を見る'],
  ['the board', 'board', () => `/board/days/${TODAY}`, 'そろっていない学校'],
  ['the operator', 'operator', () => '/operations', '取り込めずに待っている記録が'],
]

for (const [name, role, path, until] of PAGES)
  test(`${name}: Tab reaches every control, and each is seen where it stands`, async ({ page, bff, open }) => {
    takeAll(bff, bff.mock.town.own, { 12: 'absent_sick' })
    park(bff)
    await open(role, path(bff))
    await expect(page.getByText(until).first()).toBeVisible()
    const { controls, stops } = await walk(page)
    expect(controls.length).toBeGreaterThan(3)
    expect(stops.map(({ words }) => words)).toEqual(controls) // in reading order, each once
    expect(stops.filter(({ ringed, uncovered }) => !ringed || !uncovered)).toEqual([])
    expect(stops.filter(({ words }) => words === '')).toEqual([])
  })

test('the principal goes from the school to a class and back, by keys alone', async ({ page, bff, open }) => {
  await open('principal', '/')
  await expect(page.getByText('学級がまだ確定していません')).toBeVisible()
  await tabTo(page, '2年1組')
  await presses(page, 'Enter')
  await expect(page.getByRole('grid', { name: '2年1組の出欠' })).toBeVisible()
  await presses(page, 'g', 's')
  await expect(page.getByRole('heading', { name: '学校の今日', level: 1 })).toBeVisible()
  await presses(page, 'g', 'p')
  await expect(page).toHaveURL(bff.url + schoolPath(bff, YESTERDAY))
  await presses(page, 'g', 'n')
  await expect(page).toHaveURL(bff.url + schoolPath(bff))
})

test('the board goes from the city to a school and back, by keys alone', async ({ page, bff, open }) => {
  await open('board', '/')
  await expect(page.getByText('そろっていない学校')).toBeVisible()
  await tabTo(page, '第二小学校')
  await presses(page, 'Enter')
  await expect(page.getByRole('heading', { name: '学校の今日', level: 1 })).toBeVisible()
  await presses(page, 'g', 'b')
  await expect(page.getByRole('heading', { name: '市の今日', level: 1 })).toBeVisible()
  await presses(page, 'g', 'p')
  await expect(page).toHaveURL(`${bff.url}/board/days/${YESTERDAY}`)
})

test('the operator opens what waits and closes it again where they were, by keys alone', async ({ page, bff, open }) => {
  park(bff)
  await open('operator', '/')
  await tabTo(page, '開く')
  await presses(page, 'Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  expect(await dialog.evaluate((box) => box.contains(document.activeElement))).toBe(true)
  await presses(page, 'Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.locator('button:focus')).toHaveText('開く')
  await presses(page, '?')
  await expect(page.getByRole('dialog', { name: 'キーの一覧' })).toBeVisible()
  await presses(page, 'Escape')
  await presses(page, 'g', 'o')
  await expect(page.getByRole('heading', { name: '配信の状態', level: 1 })).toBeVisible()
})

test('the way past the menu leads to the work', async ({ page, open }) => {
  await open('board', '/')
  await expect(page.getByText('そろっていない学校')).toBeVisible()
  await presses(page, 'Tab')
  const skip = page.getByRole('link', { name: '本文へ' })
  await expect(skip).toBeFocused()
  await expect(skip).toBeInViewport()
  await presses(page, 'Enter')
  await expect(page.locator('main')).toBeFocused()
  await presses(page, 'Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)
})

for (const [where, size, role, path] of [
  ['the list of the school', DESK, 'principal', schoolPath],
  ['the list of the school on a phone', PHONE, 'principal', schoolPath],
  ['the cards of the roll on a phone', PHONE, 'teacher', rollPath],
] as const)
  test(`${where} has the kana above the family and the given name, each over its own`, async ({ page, bff, open }) => {
    const { own } = bff.mock.town
    const kanji = own.members.filter(({ pupil, exchange }) => !exchange && /^\p{Script=Han}/u.test(pupil.family) && /^\p{Script=Han}/u.test(pupil.given))
    await page.setViewportSize(size)
    takeAll(bff, own, Object.fromEntries(own.members.map(({ number }) => [number ?? 0, 'absent_sick'])))
    await open(role, path(bff))
    for (const { pupil } of kanji.slice(0, 6)) {
      const written = `${pupil.family}\u2009${pupil.given}`
      const name = page.locator('span:has(> span > ruby)').filter({ hasText: written })
      await expect(name.first()).toBeVisible()
      const parts = await name.first().locator('ruby').evaluateAll((all) =>
        all.map((ruby) => {
          const [base, above] = [document.createRange(), ruby.querySelector('rt')!]
          base.selectNodeContents(ruby.firstChild!)
          const [under, over] = [base.getBoundingClientRect(), above.getBoundingClientRect()]
          return {
            words: [ruby.firstChild!.textContent, above.textContent],
            above: over.bottom <= under.top + under.height / 4,
            centred: Math.abs(over.x + over.width / 2 - under.x - under.width / 2) < 2,
          }
        }),
      )
      const [family, given] = await name.first().locator('rt').evaluateAll((all) => all.map((rt) => rt.getBoundingClientRect().toJSON() as DOMRect))
      expect(given!.left - family!.right, `${pupil.family_kana} ${pupil.given_kana}: readings apart`).toBeGreaterThanOrEqual(4)
      expect(parts).toEqual([
        { words: [pupil.family, pupil.family_kana], above: true, centred: true },
        { words: [pupil.given, pupil.given_kana], above: true, centred: true },
      ])
    }
  })

function park({ mock }: Bff): void {
  mock.parked.push({ service: 'dashboard', copy: 'school_day', publisher: 'registry', key: '0199aaaa-0000-7000-8000-000000000012', keys: 1, count: 3, reason: '前の版が届いていない', parked_at: `${TODAY}T07:58:00+09:00` })
}

test('the keys of the roll are told of where one looks, and by their names', async ({ page, bff, open }) => {
  await page.setViewportSize(DESK)
  await open('teacher', rollPath(bff))
  await ready(page)
  await page.getByRole('button', { name: 'キーの一覧' }).click()
  const list = page.getByRole('dialog', { name: 'キーの一覧' })
  await expect(list).toContainText('スペース出席')
  await page.keyboard.press('Escape')
  await page.setViewportSize(PHONE)
  await expect(page.getByRole('button', { name: 'キーの一覧' })).toHaveCount(0)
})
