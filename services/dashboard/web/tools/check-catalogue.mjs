/** The committed catalogue holds exactly the words of the screens: extracting again changes nothing. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const CATALOGUE = 'src/locales/ja.po'
const before = readFileSync(CATALOGUE, 'utf8')
execFileSync('npx', ['--no-install', 'lingui', 'extract', '--clean'], { stdio: 'ignore' })
if (readFileSync(CATALOGUE, 'utf8') !== before) {
  console.error(`${CATALOGUE} was out of date and is now made anew: commit it together with the words.`)
  process.exitCode = 1
}
