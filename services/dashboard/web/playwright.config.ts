import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

/** The browser that the tests were given, else the system's, else Playwright's own. */
const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => path && existsSync(path))

export default defineConfig({
  testDir: 'browser',
  testMatch: '*.e2e.ts',
  outputDir: 'test-results',
  workers: '100%',
  // Every test has a server and a browser context of its own: a long file need not wait for one worker.
  fullyParallel: true,
  // Bounds, not expectations: on a busy machine everything comes, only later.
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // In CI only the end of the output is kept: failures are told there.
  reporter: process.env['CI'] ? 'dot' : 'line',
  use: {
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    launchOptions: {
      ...(CHROMIUM ? { executablePath: CHROMIUM } : {}),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    },
  },
})
