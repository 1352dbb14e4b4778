import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OWN_WORDS } from '../lingui.config.ts'

/** Files that an address opens: whatever comes with them comes later. */
const pages = [...readFileSync('src/app/routes.tsx', 'utf8').matchAll(/import\('~\/(screens\/([^/]+)\/[^']+)'\)/g)].map(([, file, role]) => ({ file, role: role! }))

test.each(pages.filter(({ role }) => OWN_WORDS.includes(role)))('$file brings the words of its role', ({ file }) => {
  expect(readFileSync(`src/${file}.tsx`, 'utf8')).toContain("import '../words'")
})

test.each(OWN_WORDS)('the words of %s are loaded from its catalogue', (role) => {
  expect(readFileSync(`src/screens/${role}/words.ts`, 'utf8')).toContain(`~/locales/${role}/ja.po`)
  expect(existsSync(`src/locales/${role}/ja.po`)).toBe(true)
})

test('the staff\'s frame brings what no role brings', () => {
  expect(readFileSync('src/app/Frame.tsx', 'utf8')).toContain("import './words'")
})

test('everybody has the words of a role that brings none', () => {
  expect(pages.map(({ role }) => role).filter((role) => !OWN_WORDS.includes(role) && role !== 'teacher')).toEqual([])
})
