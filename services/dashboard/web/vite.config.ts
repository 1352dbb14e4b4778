import { compileMessage } from '@lingui/message-utils/compileMessage'
import { generateMessageId } from '@lingui/message-utils/generateMessageId'
import { lingui, linguiTransformerBabelPreset } from '@lingui/vite-plugin'
import optimizeLocales from '@react-aria/optimize-locales-plugin'
import babel from '@rolldown/plugin-babel'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Chunks arrive in any order; the layers' order must not depend on which one came first. */
const LAYERS = '@layer tokens, base, parts, screen, print;\n'

export default defineConfig({
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  plugins: [
    react(),
    {
      name: 'layer-order',
      enforce: 'pre',
      transform: (code, id) => (id.endsWith('.module.css') ? { code: LAYERS + code, map: null } : null),
    },
    {
      // Translations for families are written as Japanese → theirs; what a telephone fetches is compiled, by id.
      name: 'families-words',
      enforce: 'pre',
      transform: (code, id) =>
        id.includes('/locales/guardian/') && id.endsWith('.json')
          ? {
              code: JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(code) as Record<string, string>).map(([source, said]) => [generateMessageId(source), compileMessage(said)]))),
              map: null,
            }
          : null,
    },
    lingui({ failOnMissing: true, failOnCompileError: true }),
    babel({ presets: [linguiTransformerBabelPreset()] }),
    // React Aria brings its own words in thirty languages; only ours are kept. The size gate is the test of this line.
    { ...optimizeLocales.vite({ locales: ['ja-JP'] }), enforce: 'pre' },
  ],
  build: {
    target: 'es2023',
    manifest: 'manifest.json',
    // The content security policy allows nothing inline: neither data: pictures nor injected scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What every page needs is one file: in pieces it is some KiB more, for each is compressed by itself.
        codeSplitting: {
          groups: [
            { name: 'base', tags: ['$initial'] },
            { name: 'icons', test: /lucide-react/, minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: {
    // `npx vite` beside a running town: the screens from source, everything else from the BFF.
    proxy: { '/api': 'http://localhost:8600', '/auth': 'http://localhost:8600' },
  },
})
