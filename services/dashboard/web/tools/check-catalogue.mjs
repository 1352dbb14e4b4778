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

/** Guardians' pages speak every language that they offer: no message missing, none left over, the same placeholders. */
const unquote = (line) => JSON.parse(line.slice('msgid '.length))
const asked = readFileSync('src/locales/guardian/ja.po', 'utf8').split('\n').filter((line) => line.startsWith('msgid ')).map(unquote).filter(Boolean)
const fields = (words) => (words.match(/\{\w+/g) ?? []).toSorted().join()
for (const path of globSync('src/locales/guardian/*.json')) {
  const said = JSON.parse(readFileSync(path, 'utf8'))
  const wrong = [...asked.filter((words) => !said[words] || fields(said[words]) !== fields(words)), ...Object.keys(said).filter((words) => !asked.includes(words))]
  for (const words of wrong) console.error(`${path}: 「${words}」 is missing, left over, or has other placeholders.`)
  if (wrong.length > 0) process.exitCode = 1
}
