import { defineConfig } from '@lingui/cli'
import { formatter } from '@lingui/format-po'

/** Roles whose screens bring their own words (`screens/<role>/words.ts`); all other words are everybody's, teachers' too. */
export const OWN_WORDS = ['board', 'guardian', 'office', 'operator', 'people', 'school', 'settings']

/**
 * Japanese is the source text: the catalogues of `ja` are made from the screens, other languages are translated from
 * them. A catalogue a role: nobody waits on their first page for the words of screens that others use.
 */
export default defineConfig({
  locales: ['ja'],
  sourceLocale: 'ja',
  catalogs: [
    { path: '<rootDir>/src/locales/{locale}', include: ['src'], exclude: ['**/*.test.*', ...OWN_WORDS.map((role) => `src/screens/${role}/**`)] },
    ...OWN_WORDS.map((role) => ({
      path: `<rootDir>/src/locales/${role}/{locale}`,
      include: [`src/screens/${role}`],
      exclude: ['**/*.test.*'],
    })),
  ],
  format: formatter({ lineNumbers: false, printPlaceholdersInComments: false }),
  orderBy: 'origin',
})
