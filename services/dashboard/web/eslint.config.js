import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'
import tsumugi from './eslint/rules.js'

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'test-results', 'src/locales'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, hooks.configs.flat['recommended-latest']],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { tsumugi },
    rules: {
      'tsumugi/no-loose-words': 'error',
      'tsumugi/no-raw-enter': 'error',
      'tsumugi/no-date-parsing': 'error',
      'tsumugi/no-colours': 'error',
      'tsumugi/layers': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    },
  },
  { files: ['src/grid/**'], rules: { 'tsumugi/no-raw-enter': 'off' } },
  { files: ['src/dates/clock.ts'], rules: { 'tsumugi/no-date-parsing': 'off' } },
  { files: ['src/**/*.test.{ts,tsx}', 'src/**/tests/**'], rules: { 'tsumugi/no-loose-words': 'off', 'tsumugi/no-raw-enter': 'off' } },
)
