import { defineConfig } from '@lingui/cli'
import { formatter } from '@lingui/format-po'

/** Japanese is the source text: the catalogue of `ja` is made from the screens, other languages are translated from it. */
export default defineConfig({
  locales: ['ja'],
  sourceLocale: 'ja',
  catalogs: [{ path: '<rootDir>/src/locales/{locale}', include: ['src'], exclude: ['**/*.test.*'] }],
  format: formatter({ lineNumbers: false, printPlaceholdersInComments: false }),
  orderBy: 'origin',
})
