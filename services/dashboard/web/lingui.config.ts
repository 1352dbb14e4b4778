import { defineConfig } from '@lingui/cli'
import { formatter } from '@lingui/format-po'

/**
 * Japanese is the source text: the catalogues of `ja` are made from the screens, other languages are translated from
 * them. The office's screens have many words and few readers: theirs come with them (`screens/office/words.ts`), not
 * with everybody's first page.
 */
export default defineConfig({
  locales: ['ja'],
  sourceLocale: 'ja',
  catalogs: [
    { path: '<rootDir>/src/locales/{locale}', include: ['src'], exclude: ['**/*.test.*', 'src/screens/office/**'] },
    { path: '<rootDir>/src/locales/office/{locale}', include: ['src/screens/office'], exclude: ['**/*.test.*'] },
  ],
  format: formatter({ lineNumbers: false, printPlaceholdersInComments: false }),
  orderBy: 'origin',
})
