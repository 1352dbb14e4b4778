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

/** Families' pages speak every language that they offer: no message missing, none left over, the same placeholders. */
const unquote = (entry) => entry.match(/"(?:[^"\\]|\\.)*"/g).map((line) => JSON.parse(line)).join('')
const messages = (path) => [...readFileSync(path, 'utf8').matchAll(/^msgid ((?:".*"\n)+)/gm)].map(([, entry]) => unquote(entry)).filter(Boolean)
const asked = [...new Set(['shell', 'guardian'].flatMap((part) => messages(`src/locales/${part}/ja.po`)))]
const fields = (words) => (words.match(/\{\w+|<\d+\/?>/g) ?? []).toSorted().join()
const complain = (path, words) => {
  for (const each of words) console.error(`${path}: ${each}`)
  if (words.length > 0) process.exitCode = 1
}
const said = (path) => JSON.parse(readFileSync(path, 'utf8'))
for (const path of globSync('src/locales/guardian/*.json').filter((each) => !each.endsWith('ja-ruby.json'))) {
  const all = said(path)
  const wrong = [...asked.filter((words) => !all[words] || fields(all[words]) !== fields(words)), ...Object.keys(all).filter((words) => !asked.includes(words))]
  complain(path, wrong.map((words) => `「${words}」 is missing, left over, or has other placeholders.`))
}

/** Readings stand over every 漢字, and over the very words. */
const MARK = /｜([^｜《》]+)《([ぁ-ゖー]+)》/g
const bare = (text) => /\p{Script=Han}/u.test(text.replace(MARK, ''))
const brand = (words) => words.includes('紬')
const readings = said('src/locales/guardian/ja-ruby.json')
complain('src/locales/guardian/ja-ruby.json', [
  ...asked.filter((words) => /\p{Script=Han}/u.test(words) && bare(readings[words] ?? words)).map((words) => `「${words}」 has a 漢字 without a reading.`),
  ...Object.entries(readings).filter(([words, marked]) => marked.replace(MARK, '$1') !== words).map(([words]) => `「${words}」 reads otherwise.`),
])
const easy = 'src/locales/guardian/ja-x-easy.json'
complain(easy, Object.values(said(easy)).filter((words) => bare(words) && !brand(words)).map((words) => `「${words}」 has a 漢字 without a reading.`))
