/** The committed catalogues hold exactly the words of the screens: extracting again changes nothing. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'

const read = () => new Map(globSync('src/locales/**/*.po').map((path) => [path, readFileSync(path, 'utf8')]))
const before = read()
execFileSync('npx', ['--no-install', 'lingui', 'extract', '--clean'], { stdio: 'ignore' })
for (const [path, now] of read()) {
  if (now === before.get(path)) continue
  console.error(`${path} was out of date and is now made anew: commit it together with the words.`)
  process.exitCode = 1
}
