/** The committed catalogues hold exactly the words of the screens: extracting again changes nothing. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const CATALOGUES = ['src/locales/ja.po', 'src/locales/office/ja.po']
const read = () => CATALOGUES.map((path) => readFileSync(path, 'utf8'))
const before = read()
execFileSync('npx', ['--no-install', 'lingui', 'extract', '--clean'], { stdio: 'ignore' })
read().forEach((now, i) => {
  if (now === before[i]) return
  console.error(`${CATALOGUES[i]} was out of date and is now made anew: commit it together with the words.`)
  process.exitCode = 1
})
