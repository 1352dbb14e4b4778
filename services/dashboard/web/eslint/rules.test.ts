import { RuleTester } from 'eslint'
import { afterAll, describe, it } from 'vitest'
import { layers, noColours, noDateParsing, noLooseWords, noRawEnter } from './rules.js'

Object.assign(RuleTester, { afterAll, describe, it })

const tester = new RuleTester({ languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } } })

tester.run('no-loose-words', noLooseWords, {
  valid: ['t`出席`', 'msg`出席`', "plural(n, { other: '#人' })", '<Trans>出席 {n}人</Trans>', '<Plural value={n} other="#人" />', "const a = 'absent'", '<p>{t`出席`}</p>'],
  invalid: ["const a = '出席'", '<p>出席</p>', '<p title="出席" />', 'const a = `${n}人`', "f('ﾁ')"].map((code) => ({ code, errors: [{ messageId: 'loose' }] })),
})

tester.run('no-raw-enter', noRawEnter, {
  valid: ["isEnter(event)", "<kbd>Enter</kbd>", "const keys = ['Enter']"],
  invalid: ["if (event.key === 'Enter') f()", "switch (event.key) { case 'Enter': f() }", "const on = { 'Enter': f }"].map((code) => ({ code, errors: [{ messageId: 'raw' }] })),
})

tester.run('no-date-parsing', noDateParsing, {
  valid: ['new Date(Date.UTC(2026, 10, 20))', 'new Date(clock.now())', 'new Date(ms + OFFSET)'],
  invalid: ["new Date('2026-11-20')", 'new Date(taken.at)', 'new Date()', 'Date.parse(at)', 'Date.now()'].map((code) => ({ code, errors: [{ messageId: 'parsed' }] })),
})

tester.run('no-colours', noColours, {
  valid: ["const a = 'var(--key)'", "const a = '#人'", "const a = '#main'"],
  invalid: ["const a = '#0017c1'", "const a = '#fff'", 'const a = `rgb(0 0 0 / 40%)`'].map((code) => ({ code, errors: [{ messageId: 'colour' }] })),
})

const file = (path: string) => ({ filename: `/web/src/${path}` })
tester.run('layers', layers, {
  valid: [
    { code: "import a from '~/parts/Button'", ...file('screens/teacher/roll/Page.tsx') },
    { code: "import a from '~/grid/ime'", ...file('parts/TextLine.tsx') },
    { code: "import a from '~/screens/teacher/roll/Page'", ...file('app/routes.tsx') },
  ],
  invalid: [
    { code: "import a from '~/screens/teacher/today/data'", ...file('screens/teacher/roll/Page.tsx') },
    { code: "import a from '~/app/me'", ...file('parts/Name.tsx') },
    { code: "import a from '~/outbox/outbox'", ...file('grid/Grid.tsx') },
    { code: "import a from '~/parts/Name'", ...file('api/types.ts') },
  ].map((one) => ({ ...one, errors: [{ messageId: 'wrong' }] })),
})
