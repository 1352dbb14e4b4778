/**
 * The BFF in memory, to look at every screen and state without a town: `npm run build && npm run mock`, then open the
 * printed address. Serves dist/ under the product's content security policy. Not a model of the rules: registry's
 * tests own those. `createMock()` gives tests a server of their own with switches.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AlertRulesDesk } from './alertrules.mjs'
import { AlertsDesk } from './alerts.mjs'
import { CallsDesk } from './calls.mjs'
import { changePeople, readPeople } from './people.mjs'
import { DutiesDesk } from './duties.mjs'
import { LessonsDesk } from './lessons.mjs'
import { ListsDesk } from './lists.mjs'
import { RegisterDesk } from './register.mjs'
import { Exports } from './exports.mjs'
import { Invitations } from './invitations.mjs'
import { Gakureibo } from './gakureibo.mjs'
import { Imports } from './imports.mjs'
import { Rollover } from './rollover.mjs'
import { boardDayView, schoolDayView } from './overview.mjs'
import { OfficeDesk } from './office.mjs'
import { SamePeopleDesk } from './samepeople.mjs'
import { YearsDesk } from './years.mjs'
import { BoardYearDesk } from './boardyear.mjs'
import { AttendanceDesk } from './attendance.mjs'
import { FormsDesk } from './forms.mjs'
import { ChannelDesk } from './channels.mjs'
import { FamilyDesk } from './family.mjs'
import { id, REASONS, SYMBOLS, town } from './town.mjs'

const DIST = fileURLToPath(new URL('../dist', import.meta.url))
const STYLE_HASH = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='"
export const CSP = `default-src 'none'; script-src 'self'; style-src 'self' ${STYLE_HASH}; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.webmanifest': 'application/manifest+json' }
export const TODAY = '2026-11-20'

class Refuse extends Error {
  constructor(status, type, title, detail = '', errors = [], headers = {}) {
    super(title)
    this.headers = headers
    this.body = { type: `https://tsumugi.example/problems/${type}`, title, status, detail, errors }
  }
}

/** State of the mock; everything a test or a person may switch is a field. */
class Mock {
  constructor() {
    this.town = town()
    this.duties = new DutiesDesk(this, Refuse)
    this.lists = new ListsDesk(this, Refuse)
    this.lessons = new LessonsDesk(this, Refuse)
    this.alerts = new AlertsDesk(this, TODAY, Refuse)
    this.calls = new CallsDesk(this, TODAY, Refuse)
    this.register = new RegisterDesk(this, TODAY, Refuse)
    this.office = new OfficeDesk(this, TODAY, Refuse)
    this.years = new YearsDesk(this, Refuse)
    this.boardYear = new BoardYearDesk(this, Refuse)
    this.forms = new FormsDesk(this, Refuse)
    this.alertRules = new AlertRulesDesk(this, Refuse)
    this.attendance = new AttendanceDesk(this, Refuse)
    this.same = new SamePeopleDesk(this, Refuse)
    this.family = new FamilyDesk(this, TODAY, Refuse)
    this.channels = new ChannelDesk(this, Refuse)
    this.rolls = new Map()
    this.done = new Map()
    this.position = 100
    this.streams = new Set()
    this.requests = []
    this.sessions = new Set(Object.keys(this.people()))
    /** Roles whose session was ended by an order. */
    this.revoked = new Set()
    /** Answers to spoil: { path: RegExp source, status | drop | hold (no answer), times } */
    this.faults = []
    this.schoolDay = true
    this.closed = null
    this.empty = false
    this.protected = null
    this.stale = false
    /** School days that say what is usual, and of which share of the children. */
    this.usual = { days: 20, away: 0.03, late: 0.01 }
    /** Of the last class of the first school whoever knows no names is told nothing. */
    this.small = false
    /** Lines of 消去の記録. */
    this.erased = []
    this.parked = []
    this.imports = new Imports()
    this.rollover = new Rollover(this)
    this.exports = new Exports(this)
    this.invitations = new Invitations(this, Refuse)
    this.gakureibo = new Gakureibo()
    this.lag = 0
    /** Copy → why it stands. */
    this.stopped = {}
    this.training = true
    /** Set: the copies have lacked something since then. */
    this.asOf = null
    const began = Date.now()
    /** The town's morning: 8:19 when the server starts. */
    this.clock = () => new Date(Date.parse(`${TODAY}T08:19:00+09:00`) + Date.now() - began)
  }

  people() {
    const { schools, own, staff } = this.town
    const first = schools[0]
    const second = first.classes[6]
    const role = (kind, label, cls) => ({ kind, label, school: first.school, class: cls ?? null })
    return {
      teacher: { person: own.homeroom, kind: 'staff', roles: [role('homeroom', '担任', own.class), role('assistant', '副担任', second.class)], rail: ['today', 'register', 'people'], home: '/today', classes: [[own, 'homeroom'], [second, 'assistant']] },
      substitute: { person: { ...staff, id: id('aaaa', 90001) }, kind: 'staff', roles: [role('substitute', '補欠', own.class)], rail: ['today'], home: '/today', classes: [[own, 'substitute']] },
      nobody: { person: { ...staff, id: id('aaaa', 90006) }, kind: 'staff', roles: [role('subject', '専科')], rail: ['today'], home: '/today', classes: [] },
      principal: { person: { ...staff, id: id('aaaa', 90002), family: '校長', given: '一郎', family_kana: 'こうちょう', given_kana: 'いちろう' }, kind: 'staff', roles: [role('principal', '校長')], rail: ['school', 'register', 'people', 'moves', 'next_year'], home: '/school', classes: [] },
      office: { person: { ...staff, id: id('aaaa', 90003) }, kind: 'staff', roles: [role('office', '事務職員')], rail: ['today', 'school', 'register', 'people', 'imports', 'moves', 'next_year'], home: '/school', classes: first.classes.map((one) => [one, 'office']) },
      board: { person: { ...staff, id: id('aaaa', 90004) }, kind: 'staff', roles: [{ kind: 'board_staff', label: '学務課', school: null, class: null }], rail: ['board', 'people', 'imports', 'moves', 'rollover', 'settings'], home: '/board', classes: [] },
      guardian: { person: { ...staff, id: id('aaaa', 90007), family: '', given: '', family_kana: '', given_kana: '' }, kind: 'guardian', roles: [], rail: ['family'], home: '/family', classes: [] },
      operator: { person: { ...staff, id: id('aaaa', 90005) }, kind: 'staff', roles: [{ kind: 'system_operator', label: 'システム管理', school: null, class: null }], rail: ['operations'], home: '/operations', classes: [] },
    }
  }

  findClass(classId) {
    for (const school of this.town.schools) {
      const found = school.classes.find((one) => one.class.id === classId)
      if (found) return { school: school.school, ...found }
    }
    throw new Refuse(404, 'not-found', 'このページは見られません')
  }

  roll(classId, date) {
    const key = `${classId} ${date}`
    if (!this.rolls.has(key)) this.rolls.set(key, { cells: new Map(), taken: null })
    return this.rolls.get(key)
  }

  cell(classId, date, pupil) {
    const { cells } = this.roll(classId, date)
    if (!cells.has(pupil)) cells.set(pupil, { revision: 0, facts: [], contradiction: null })
    return cells.get(pupil)
  }

  /** What each source says: the newest of each, the newest first. */
  said(cell) {
    return cell.facts.toReversed().filter(({ source }, i, all) => all.findIndex((one) => one.source === source) === i)
  }

  /** Of office and teacher a correction before a mark, else the later word (docs/decisions/0012); then nurse, then notice. */
  holding(cell) {
    const said = this.said(cell).filter(({ code }) => code !== null)
    const of = (...sources) => said.filter(({ source }) => sources.includes(source))
    const inSight = of('office', 'teacher')
    return [...inSight.filter(({ reason }) => reason !== null), ...inSight, ...of('nurse'), ...of('notice')][0]
  }

  /** Somebody enters a mark. */
  mark(classId, date, pupil, code, { source = 'teacher', who = '佐藤 恵', reason = null } = {}) {
    const cell = this.cell(classId, date, pupil)
    cell.revision += 1
    const symbol = SYMBOLS.find((one) => one.code === code)
    cell.facts.push({ source, code, word: symbol?.word ?? '未入力', who, at: this.clock().toISOString(), reason })
    this.position += 1
    this.tell(classId, date)
    return cell
  }

  tell(classId, date) {
    const { school } = this.findClass(classId)
    this.notice([`class-day:${classId}:${date}`, `school-day:${school.id}:${date}`, `board-day:${this.town.board.id}:${date}`])
  }

  /** The paperwork of every office has changed. */
  tellOffices() {
    this.notice([this.town.board, ...this.town.schools.map(({ school }) => school)].map(({ id }) => `office:${id}`))
  }

  notice(keys) {
    for (const key of keys)
      for (const stream of this.streams)
        if (stream.keys.includes(key)) stream.answer.write(`event: view\ndata: ${JSON.stringify({ view: key.split(':')[0], key, revision: this.position })}\n\n`)
  }

  counts(found, date) {
    const own = found.members.filter((one) => !one.exchange)
    const codes = own.map((one) => this.holding(this.cell(found.class.id, date, one.pupil.id))?.code ?? null)
    const marks = codes.map((code) => SYMBOLS.find((one) => one.code === code))
    const count = (test) => marks.filter((one) => one && test(one)).length
    const taken = this.roll(found.class.id, date).taken
    return {
      members: own.length,
      present: count((one) => one.presence === 'present'),
      absent: count((one) => one.presence === 'absent' && one.tint !== 'apart'),
      late: count((one) => one.late),
      early: count((one) => one.early),
      apart: count((one) => one.tint === 'apart'),
      unrecorded: marks.filter((one) => !one).length,
      taken_at: taken?.at ?? null,
      taken_by: taken?.by ?? null,
    }
  }

  stamp(live) {
    return { live, reached: { registry: this.position }, as_of: this.asOf ?? this.clock().toISOString() }
  }

  me(who) {
    const { classes: _, ...me } = this.people()[who]
    const settings = me.rail.includes('settings') ? ['calendar', 'attendance', 'certificates', 'textbooks', 'alerts'] : []
    return { ...me, settings, board: this.town.board, acr: '2', today: TODAY, training: this.training, session_ends_at: who === 'guardian' ? '2027-02-18T18:00:00+09:00' : `${TODAY}T18:00:00+09:00` }
  }

  today(who) {
    const classes = this.people()[who].classes.map(([found, role]) => {
      const { school } = this.findClass(found.class.id)
      const { present: _, ...counts } = this.counts(found, TODAY)
      return { class: found.class, school, role, closed: this.years.closedOn(found.class.id, TODAY), ...counts }
    })
    const keys = classes.map((one) => `class-day:${one.class.id}:${TODAY}`)
    return { date: TODAY, school_day: this.schoolDay, next_school_day: '2026-11-24', lessons: this.lessons.periods > 0 && who === 'nobody', classes: this.empty ? [] : classes, ...this.stamp(keys) }
  }

  rollView(who, classId, date) {
    const found = this.findClass(classId)
    const roll = this.roll(classId, date)
    const may = this.closed === null && this.people()[who].classes.some(([one]) => one.class.id === classId)
    const members = this.empty ? [] : found.members.map((one) => {
      const cell = this.cell(classId, date, one.pupil.id)
      const holds = this.holding(cell)
      return { ...one, cell: { code: holds?.code ?? null, status: holds?.code ?? 'unrecorded', revision: cell.revision, contradiction: cell.contradiction, explain: this.said(cell).map((fact) => ({ ...fact, holds: fact === holds })) } }
    })
    return {
      class: found.class, school: found.school, date, closed: this.closed, may: { take: may, correct: may }, symbols: SYMBOLS, reasons: REASONS,
      columns: [{ id: 'attendance', kind: 'choice', label: '出欠' }], members, taken: roll.taken, lessons: this.lessons.periods > 0, month_closed: ['closed', 'checked'].includes(this.register.state), ...this.stamp([`class-day:${classId}:${date}`]),
    }
  }

  take(who, classId, date, body) {
    const found = this.findClass(classId)
    const roll = this.roll(classId, date)
    const { person, classes } = this.people()[who]
    if (!classes.some(([one]) => one.class.id === classId)) throw new Refuse(403, 'not-allowed', 'この学級の記録は入れられません')
    const number = (pupil) => `${found.members.find((one) => one.pupil.id === pupil)?.number}番`
    const unknown = body.marks.filter(({ code }) => code !== null && !SYMBOLS.some((one) => one.code === code))
    if (unknown.length) throw new Refuse(422, 'unknown-code', '印を読めません', '', unknown.map(({ pupil, code }) => ({ cell: number(pupil), message: `「${code}」という印はありません` })))
    if (roll.taken && body.marks.some(({ reason }) => !reason)) throw new Refuse(422, 'reason-missing', '訂正のわけがありません', '確定したあとの変更には、わけが要ります。')
    const [saved, refused] = [[], []]
    for (const { pupil, seen, code, reason } of body.marks) {
      const cell = this.cell(classId, date, pupil)
      if (cell.revision !== seen) {
        const theirs = this.holding(cell) ?? { ...cell.facts.at(-1), code: null }
        refused.push({ pupil, yours: { code }, theirs: { code: theirs.code, revision: cell.revision, source: theirs.source, by: theirs.who, at: theirs.at } })
        continue
      }
      const source = this.people()[who].roles[0].kind === 'office' ? 'office' : 'teacher'
      this.mark(classId, date, pupil, code, { source, who: `${person.family} ${person.given}`, reason: reason ? reason.text || reason.code : null })
      const now = this.holding(cell)?.code ?? null
      saved.push({ pupil, revision: cell.revision, code: now, status: now ?? 'unrecorded' })
    }
    if (body.taken) {
      const missing = found.members.filter((one) => !one.exchange && !this.holding(this.cell(classId, date, one.pupil.id))?.code)
      if (missing.length) throw new Refuse(422, 'unrecorded', '印のない子がいます', '', missing.map((one) => ({ cell: number(one.pupil.id), message: '印がありません' })))
      roll.taken = { at: this.clock().toISOString(), by: person, members: found.members.filter((one) => !one.exchange).length }
      this.tell(classId, date)
    }
    return { saved, refused, taken: roll.taken, after: `registry:${this.position}` }
  }

  waiting(key) {
    const record = (i) => ({ position: 4711 + i, epoch: 1, topic: 'registry.attendance', type: 'registry.attendance.day_changed', version: 3 + i, recorded_at: this.clock().toISOString(), importance: 'III', fields: ['category', 'facts', 'on', 'pupil', 'status'], reason: i ? 'an earlier record of this key waits' : 'version 2 of 0199aaaa-0000-7000-8000-000000000099 is missing' })
    const found = this.parked.find((one) => one.key === key)
    return { records: found ? Array.from({ length: found.count }, (_, i) => record(i)) : [], ...this.stamp(['operations']) }
  }

  /** A key is retried, which does not help, or thrown away. */
  handle(key, what, body) {
    const found = this.parked.find((one) => one.key === key)
    if (what === 'retry') return { records: 0, still: 'version 2 of 0199aaaa-0000-7000-8000-000000000099 is missing', after: null }
    if (!body.reason?.trim()) throw new Refuse(422, 'invalid', '入力を確かめてください')
    this.parked = this.parked.filter((one) => one !== found)
    return { records: found?.count ?? 0, still: null, after: null }
  }

  operations() {
    const feed = (service, copy, publisher, lag) => ({ service, copy, publisher, position: this.position - lag, head: this.position, lag_records: lag, lag_seconds: lag ? lag * 0.4 : 0.1, stopped_because: this.stopped[copy] ?? null })
    return {
      services: [['registry', null], ['identity', null], ['dashboard', 152]].map(([name, memory_mib]) => ({ name, ready: true, version: '0.1.0', memory_mib })),
      feeds: [feed('dashboard', 'school_day', 'registry', this.lag), feed('dashboard', 'roster', 'registry', 0), feed('identity', 'directory', 'registry', 0), feed('identity', 'reaction:accounts', 'registry', 0)],
      parked: this.parked, ...this.stamp(['operations']),
    }
  }
}

/** Starts a server; port 0 takes a free one. */
export async function createMock({ port = 0 } = {}) {
  const mock = new Mock()
  const server = createServer((request, answer) => void serve(mock, request, answer).catch((error) => fail(answer, error)))
  await new Promise((done) => server.listen(port, 'localhost', done))
  const heart = setInterval(() => mock.streams.forEach(({ answer }) => answer.write(': beat\n\n')), 10_000)
  const close = () => {
    clearInterval(heart)
    mock.streams.forEach(({ answer }) => answer.end())
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return { mock, url: `http://localhost:${server.address().port}`, close }
}

function fail(answer, error) {
  if (!(error instanceof Refuse)) console.error(error)
  const body = error instanceof Refuse ? error.body : { type: 'about:blank', title: '', status: 500, detail: '', errors: [] }
  send(answer, body.status, body, { 'Content-Type': 'application/problem+json', ...error.headers })
}

function send(answer, status, body, headers = {}) {
  answer.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers })
  answer.end(body === undefined ? '' : JSON.stringify(body))
}

async function serve(mock, request, answer) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const text = await new Promise((done) => {
    let all = ''
    request.on('data', (piece) => (all += piece)).on('end', () => done(all))
  })
  if (pathname.startsWith('/api/')) mock.requests.push({ method: request.method, path: pathname, headers: request.headers, body: text })
  const fault = mock.faults.find((one) => new RegExp(one.path).test(`${request.method} ${pathname}`) && (one.times ?? Infinity) > 0)
  if (fault) {
    if (fault.times !== undefined) fault.times -= 1
    if (fault.hold) return
    if (fault.drop) return request.socket.destroy()
    if (fault.status) return send(answer, fault.status, fault.body ?? { type: 'about:blank', title: '', status: fault.status, detail: '', errors: [] })
  }
  if (pathname.startsWith('/auth/')) return auth(mock, request, answer, pathname, searchParams)
  if (!pathname.startsWith('/api/')) return file(answer, pathname)
  const who = /(?:^|; )mock=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
  if (mock.revoked.has(who)) throw new Refuse(401, 'session-revoked', 'サインインが取り消されました', '', [], { 'X-Tsumugi': mock.people()[who].person.id })
  if (!who || !mock.sessions.has(who)) throw new Refuse(401, 'signed-out', 'サインインしてください')
  if (pathname === '/api/live') return live(mock, answer, (searchParams.get('views') ?? '').split(',').map(decodeURIComponent))
  if (request.method === 'PUT') return send(answer, 200, mock.imports.file(pathname.slice(IMPORTS.length)))
  if (request.method === 'POST') return send(answer, 200, act(mock, who, pathname, request.headers, JSON.parse(text)))
  return reply(answer, request, view(mock, who, pathname, searchParams))
}

/** Addresses of rosters on their way in, which the BFF passes on. */
const IMPORTS = '/api/registry/v1/imports'
/** Address → whose answers those below it are. */
const OFFICE = { '/api/registry/v1/rollover': 'rollover', '/api/registry/v1/exports': 'exports', '/api/identity/v1': 'invitations' }
const officeOf = (mock, path) => {
  const start = Object.keys(OFFICE).find((one) => path.startsWith(one))
  return start && { desk: mock[OFFICE[start]], rest: path.slice(start.length) }
}
const GAKUREIBO = /^\/api\/registry\/v1\/boards\/[^/]+\/gakureibo/

function view(mock, who, path, query) {
  const people = readPeople(mock, who, path, query)
  if (people === null) throw new Refuse(404, 'not-found', 'このページは見られません')
  if (people) return people
  if (path.startsWith(IMPORTS)) {
    const found = mock.people()[who].rail.includes('imports') && mock.imports.read(path.slice(IMPORTS.length), query)
    if (!found) throw new Refuse(404, 'not-found', 'このページは見られません')
    return found
  }
  if (GAKUREIBO.test(path)) return mock.gakureibo.read()
  if (path === '/api/me') return mock.me(who)
  if (path === '/api/today') return mock.today(who)
  if (path === '/api/operations') return mock.operations()
  const waits = /^\/api\/operations\/parked\/[^/]+\/[^/]+\/([^/]+)$/.exec(path)
  if (waits) return mock.waiting(waits[1])
  const roll = /^\/api\/classes\/([^/]+)\/days\/([^/]+)\/roll$/.exec(path)
  if (roll) return mock.rollView(who, roll[1], roll[2])
  const school = /^\/api\/schools\/([^/]+)\/days\/([^/]+)$/.exec(path)
  if (school) {
    const day = schoolDayView(mock, who, school[1], school[2])
    if (!day) throw new Refuse(404, 'not-found', 'このページは見られません')
    return day
  }
  const board = /^\/api\/board\/days\/([^/]+)$/.exec(path)
  if (board) return boardDayView(mock, board[1])
  const office = officeOf(mock, path)
  const found = office?.desk.read(office.rest, who, query) ?? mock.channels.view(who, path) ?? mock.family.view(who, path) ?? mock.calls.view(who, path) ?? mock.alerts.view(who, path) ?? mock.duties.view(who, path, query) ?? mock.lists.view(who, path, query) ?? mock.lessons.view(who, path) ?? mock.register.view(who, path) ?? mock.office.view(path, query) ?? mock.years.view(who, path) ?? mock.boardYear.view(who, path) ?? mock.forms.view(who, path) ?? mock.attendance.view(who, path) ?? mock.alertRules.view(who, path, query) ?? mock.same.view(who, path, query)
  if (found) return found
  throw new Refuse(404, 'not-found', 'このページは見られません')
}

function act(mock, who, path, headers, body) {
  if (!headers['x-tsumugi']) throw new Refuse(403, 'forged', '送り元を確かめられません')
  if (headers['x-tsumugi'] !== mock.people()[who].person.id) throw new Refuse(401, 'another-person', 'ほかの人がサインインしています')
  const key = headers['idempotency-key']
  if (!key) throw new Refuse(400, 'no-key', 'Idempotency-Key がありません')
  const waits = /^\/api\/operations\/parked\/[^/]+\/[^/]+\/([^/]+)\/(retry|discard)$/.exec(path)
  if (waits) return mock.handle(waits[1], waits[2], body)
  const changed = changePeople(mock, path, body, (...told) => new Refuse(...told))
  if (changed) return changed
  if (path.startsWith(IMPORTS)) {
    if (!mock.done.has(key)) mock.done.set(key, mock.imports.act(path.slice(IMPORTS.length), body))
    return mock.done.get(key)
  }
  if (GAKUREIBO.test(path)) return mock.gakureibo.act(path.replace(GAKUREIBO, ''), body)
  const roll = /^\/api\/registry\/v1\/classes\/([^/]+)\/days\/([^/]+)\/roll$/.exec(path)
  const office = officeOf(mock, path)
  const done = mock.done.get(key) ?? (roll ? mock.take(who, roll[1], roll[2], body) : (office?.desk.act(office.rest, body) ?? mock.calls.act(who, path, body) ?? mock.alerts.act(who, path, body) ?? mock.duties.act(who, path, body) ?? mock.lists.act(who, path, body) ?? mock.lessons.act(who, path, body) ?? mock.register.step(who, path, body) ?? mock.office.act(path, body) ?? mock.years.act(who, path, body) ?? mock.boardYear.act(who, path, body) ?? mock.forms.act(who, path, body) ?? mock.attendance.act(who, path, body) ?? mock.alertRules.act(who, path, body) ?? mock.same.act(who, path, body) ?? mock.channels.act(who, path, body) ?? mock.family.act(who, path, body)))
  if (!done) throw new Refuse(404, 'not-found', 'このページは見られません')
  mock.done.set(key, done)
  if (!roll) mock.tellOffices()
  return mock.done.get(key)
}

function reply(answer, request, body) {
  const { as_of: _, reached: __, ...rest } = body
  const etag = `"${createHash('sha1').update(JSON.stringify(rest)).digest('base64url')}"`
  if (request.headers['if-none-match'] === etag) {
    answer.writeHead(304, { ETag: etag })
    return answer.end()
  }
  return send(answer, 200, body, { ETag: etag })
}

function live(mock, answer, keys) {
  answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  answer.write(': open\n\n')
  const stream = { keys, answer }
  mock.streams.add(stream)
  answer.on('close', () => mock.streams.delete(stream))
}

function auth(mock, request, answer, path, query) {
  if (path === '/auth/logout') return send(answer, 200, { redirect: '/signed-out' }, { 'Set-Cookie': 'mock=; Path=/; Max-Age=0' })
  if (path === '/auth/as') {
    mock.sessions.add(query.get('role'))
    answer.writeHead(302, { Location: query.get('to') ?? '/', 'Set-Cookie': `mock=${query.get('role')}; Path=/; HttpOnly` })
    return answer.end()
  }
  const links = Object.keys(mock.people()).map((role) => `<li><a href="/auth/as?role=${role}&to=${encodeURIComponent(query.get('to') ?? '/')}">${role}</a>`)
  answer.writeHead(200, { 'Content-Type': TYPES['.html'] })
  return answer.end(`<!doctype html><title>mock</title><ul>${links.join('')}</ul>`)
}

async function file(answer, pathname) {
  const asset = extname(pathname) !== ''
  const path = join(DIST, normalize(asset ? pathname : '/index.html'))
  try {
    const body = await readFile(path)
    const caching = pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    answer.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'Cache-Control': caching, 'X-Content-Type-Options': 'nosniff' })
    answer.end(body)
  } catch {
    answer.writeHead(404, { 'Content-Type': 'text/plain' })
    answer.end('not found')
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await createMock({ port: Number(process.env.PORT ?? 8650) })
  console.log(`${url}  (roles: ${url}/auth/login)`)
}
