/** Size gates (KiB of gzip): the first screens whole, every other screen's own part, all style sheets. Needs dist/. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const FIRST_JS = 170
/** A family's telephone: older, and on the mobile network. Readings and translations come on top where they are wanted. */
const FIRST_JS_GUARDIAN = 140
const STAFF_FRAME = 'src/app/Frame.tsx'
const FAMILY_FRAME = 'src/screens/guardian/frame/arrive.ts'
const FIRST_CSS = 12
const OWN_JS = 40
/** What teachers and guardians meet first, and how much of it there may be. */
const FIRST = {
  'src/screens/teacher/today/Page.tsx': FIRST_JS,
  'src/screens/teacher/roll/Page.tsx': FIRST_JS,
  'src/screens/guardian/home/Page.tsx': FIRST_JS_GUARDIAN,
  'src/screens/guardian/tell/Page.tsx': FIRST_JS_GUARDIAN,
}

const manifest = JSON.parse(readFileSync('dist/manifest.json', 'utf8'))
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const sizes = new Map()

/** Chunks that a chunk needs before it runs. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, seen)
  return seen
}

function kib(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(`dist/${file}`)).length / 1024)
  return sizes.get(file)
}

const sum = (files) => [...files].reduce((total, file) => total + kib(file), 0)
const scripts = (keys) => new Set([...keys].map((key) => manifest[key].file))
const styles = (keys) => new Set([...keys].flatMap((key) => manifest[key].css ?? []))

let over = 0
function gate(name, value, limit) {
  const wrong = value > limit
  over += wrong ? 1 : 0
  console.log(`${wrong ? '✗' : '✓'} ${name.padEnd(46)} ${value.toFixed(1).padStart(6)} / ${limit} KiB gz`)
}

/** What is there already when a chunk is asked for: the shell, and of a dialog the screen that opens it. */
function before(key) {
  const openers = Object.keys(manifest).filter((one) => manifest[one].dynamicImports?.includes(key))
  const there = openers.map((one) => closure(one))
  return new Set([...shell, ...[...(there[0] ?? [])].filter((one) => there.every((each) => each.has(one)))])
}

const shell = closure(entry)
/** The frame is there before its screens are. */
const framed = (key) => closure(key.startsWith('src/screens/guardian/') ? FAMILY_FRAME : STAFF_FRAME)
for (const key of Object.keys(manifest).filter((one) => manifest[one].isDynamicEntry)) {
  const all = new Set([...shell, ...framed(key), ...closure(key)])
  const there = before(key)
  const own = [...closure(key)].filter((one) => !there.has(one) && (key === STAFF_FRAME || key === FAMILY_FRAME || !framed(key).has(one)))
  if (key in FIRST) {
    gate(`${key}: first screen, JS`, sum(scripts(all)), FIRST[key])
    gate(`${key}: first screen, CSS`, sum(styles(all)), FIRST_CSS)
  }
  gate(`${key}: own JS`, sum(scripts(own)), OWN_JS)
}
process.exitCode = over ? 1 : 0
