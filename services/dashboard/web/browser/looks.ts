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
  readonly sizes?: readonly ('desk' | 'phone')[]
  readonly whole?: boolean
}

/** Each state on a desk and on a phone: kept as a picture, no wider than the screen, without findings of axe. */
export function looks(all: readonly Look[]): void {
  for (const look of all)
    for (const size of look.sizes ?? ['desk', 'phone'])
      test(`${look.name} ${size}`, async ({ page, bff, open }, info) => {
        await page.setViewportSize(size === 'desk' ? DESK : PHONE)
        look.set?.(bff)
        await open(look.role, look.path(bff))
        await look.act?.(page, bff)
        await expect(page.getByText(look.until).first()).toBeVisible()
        await expect(page.locator('[data-loading]')).toHaveCount(look.name.endsWith('loading') ? 1 : 0)
        await page.screenshot({ path: `${info.project.outputDir}/look/${look.name}-${size}.png`, fullPage: look.whole ?? false })
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
        // On a desk only what is inside the frame scrolls.
        if (size === 'desk') expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBeLessThanOrEqual(0)
        // Tall enough that no bar lies over anything: targets are judged by their own size.
        if (size === 'phone') await page.setViewportSize({ ...PHONE, height: 3000 })
        expect(await axe(page)).toEqual([])
      })
}
