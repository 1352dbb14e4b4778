import type { Page } from '@playwright/test'
import { axe, DESK, expect, PHONE, test, type Bff, type Role } from './fixtures'

/** One screen in one state. `until` is text that shows that it stands. */
export interface Look {
  readonly name: string
  readonly role: Role
  readonly path: (bff: Bff) => string
  readonly set?: (bff: Bff) => void
  readonly act?: (page: Page, bff: Bff) => Promise<void>
  readonly until: string | RegExp
  /** 390 px is asked of the home and the roll; the others must not break either. */
  readonly sizes?: readonly Size[]
  readonly whole?: boolean
}

type Size = 'desk' | 'phone'

/** Each state on a phone and on a desk: kept as a picture, no wider than the screen, without findings of axe. */
export function looks(all: readonly Look[]): void {
  for (const look of all) {
    const sizes = look.sizes ?? (['phone', 'desk'] as const)
    // What was done to a page is done anew at each size. A page that nobody touched is only made wider: desks come
    // afresh in every journey, phones here.
    for (const those of look.act ? sizes.map((size) => [size]) : [sizes])
      test(`${look.name} ${those.join(', ')}`, async ({ page, bff, open }, info) => {
        await page.setViewportSize(those[0] === 'desk' ? DESK : PHONE)
        look.set?.(bff)
        await open(look.role, look.path(bff))
        await look.act?.(page, bff)
        for (const size of those) await test.step(size, () => stands(page, look, size, `${info.project.outputDir}/look`))
      })
  }
}

async function stands(page: Page, look: Look, size: Size, folder: string): Promise<void> {
  await page.setViewportSize(size === 'desk' ? DESK : PHONE)
  await expect(page.getByText(look.until).first()).toBeVisible()
  await expect(page.locator('[data-loading]')).toHaveCount(look.name.endsWith('loading') ? 1 : 0)
  await page.screenshot({ path: `${folder}/${look.name}-${size}.png`, fullPage: look.whole ?? false })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  // On a desk only what is inside the frame scrolls.
  if (size === 'desk') expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBeLessThanOrEqual(0)
  // Tall enough that no bar lies over anything: targets are judged by their own size.
  if (size === 'phone') await page.setViewportSize({ ...PHONE, height: 3000 })
  expect(await axe(page)).toEqual([])
}
