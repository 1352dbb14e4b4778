import { defineConfig } from '@lingui/cli'
import { formatter } from '@lingui/format-po'

/** Roles whose screens bring their own words (`screens/<role>/words.ts`); of the others the staff's frame brings them. */
export const OWN_WORDS = ['board', 'guardian', 'office', 'operator', 'people', 'register', 'school', 'settings']

/** What every page may have to say, before anybody is signed in, too: they come with the first file. */
const SHELL = ['src/app/Gate.tsx', 'src/app/SignIn.tsx', 'src/app/Broken.tsx', 'src/app/screen.ts', 'src/app/routes.tsx', 'src/parts/States.tsx']

/**
 * Japanese is the source text: the catalogues of `ja` are made from the screens, other languages are translated from
 * them. A catalogue a role: nobody waits on their first page for the words of screens that others use.
 */
export default defineConfig({
  locales: ['ja'],
  sourceLocale: 'ja',
  catalogs: [
    { path: '<rootDir>/src/locales/shell/{locale}', include: SHELL },
    { path: '<rootDir>/src/locales/{locale}', include: ['src'], exclude: ['**/*.test.*', ...SHELL, 'src/parts/overview/**', ...OWN_WORDS.map((role) => `src/screens/${role}/**`)] },
    // Parts of two roles' screens, whose words nobody else should wait for.
    { path: '<rootDir>/src/locales/overview/{locale}', include: ['src/parts/overview'], exclude: ['**/*.test.*'] },
    ...OWN_WORDS.map((role) => ({
      path: `<rootDir>/src/locales/${role}/{locale}`,
      include: [`src/screens/${role}`],
      exclude: ['**/*.test.*'],
    })),
  ],
  format: formatter({ lineNumbers: false, printPlaceholdersInComments: false }),
  orderBy: 'origin',
})
