/** Colours and layers of the style sheets: colour values only in tokens/, every rule inside a layer. */
import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|oklab|lab|lch|color)a?\(|:\s*(?:white|black|red|green|blue|yellow|gr[ae]y)\b/i

/** What is wrong with one style sheet, by line. */
export function problems(css, { tokens = false } = {}) {
  const found = []
  const lines = css.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).split('\n')
  let depth = 0
  lines.forEach((line, i) => {
    if (!tokens && COLOUR.test(line)) found.push(`${i + 1}: a colour value; name a role of tokens.css`)
    if (depth === 0 && line.trim() !== '' && !/^@(?:layer|import)\b/.test(line.trim())) found.push(`${i + 1}: outside any @layer`)
    depth += (line.match(/{/g) ?? []).length - (line.match(/}/g) ?? []).length
  })
  return found
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let wrong = 0
  for await (const path of glob('src/**/*.css'))
    for (const one of problems(readFileSync(path, 'utf8'), { tokens: path.includes('tokens') })) {
      wrong += 1
      console.error(`${path}:${one}`)
    }
  process.exitCode = wrong ? 1 : 0
}
