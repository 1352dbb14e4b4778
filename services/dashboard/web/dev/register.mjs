/** The mock's 出席簿: a class's month and year, invented day by day and then counted, so that the sums are right. */
import { SYMBOLS, seeded } from './town.mjs'

const ADDRESS = /^\/api\/registry\/v1\/classes\/([^/]+)\/register\/(?:months\/(\d{4})-(\d\d)|year)$/
const MONTHS = [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]
const HOLIDAYS = { '2026-11-03': '文化の日', '2026-11-23': '勤労感謝の日' }
const MARKS = [['credited_centre', 'credited', '教育支援センター'], ['credited_facility', 'credited', '学校外の民間施設など'], ['credited_ict', 'credited', '自宅でICT学習'], ['room_support', 'elsewhere', '校内教育支援センター'], ['room_nurse', 'elsewhere', '保健室'], ['room_other', 'elsewhere', 'ほかの部屋']]
  .map(([code, kind, word]) => ({ code, kind, word, days: null, glyph: kind === 'credited' ? '扱' : '別' }))
  .concat([['kin_parent', '父母', 7], ['kin_grandparent', '祖父母', 3], ['kin_sibling', '兄弟姉妹', 3]].map(([code, word, days]) => ({ code, kind: 'kin', word, days, glyph: '' })))
const pad = (n) => String(n).padStart(2, '0')
const monthOf = (month) => `${month < 4 ? 2027 : 2026}-${pad(month)}`

export class RegisterDesk {
  constructor(mock, today, Refuse) {
    this.mock = mock
    this.today = today
    this.Refuse = Refuse
    this.planned = true
    this.ahead = false
    /** Days that nobody has taken. */
    this.open = ['2026-11-20']
    this.clash = true
    /** The month that is shown as closed, checked or sent back. */
    this.state = 'open'
    this.current = true
    this.after = false
    this.own = false
    this.unconfirmed = []
    /** What stands beside days: `pupil on` → code, revision. */
    this.beside = new Map()
    this.besideMoved = false
    this.changedClasses = false
    /** The first child is away for a death, from 11/4 to 11/10. */
    this.bereaved = false
    /** Days of former schools: by child, what was entered last. */
    this.former = new Map()
    /** Files of the school's month, the newest first. */
    this.bundles = []
  }

  /** A school's month as one file. */
  bundle(path, body) {
    const asked = /^\/api\/registry\/v1\/schools\/[^/]+\/register\/bundles(?:\/([^/]+)\/remove)?$/.exec(path)
    if (!asked) return null
    if (asked[1]) this.bundles = this.bundles.filter(({ id }) => id !== asked[1])
    else this.bundles.unshift({ id: `b${this.bundles.length}`, month: body.month, paper: body.paper, state: 'writing', made_at: '2026-11-20T16:05:00+09:00', read: 0, of: 0, sheets: 0, bytes: 0, until: null, stopped: null })
    return { after: null }
  }

  /** 出席扱い and 別室, as registry keeps them. */
  mark(path, body) {
    const asked = /^\/api\/registry\/v1\/classes\/[^/]+\/days\/([^/]+)\/beside$/.exec(path)
    if (!asked) return null
    const refused = this.besideMoved ? body.marks.map(({ pupil }) => ({ pupil })) : []
    if (!refused.length) for (const { pupil, code, seen } of body.marks) this.beside.set(`${pupil} ${asked[1]}`, { code, seen: seen + 1 })
    return { saved: [], refused, after: null }
  }

  /** Days of the former school, as registry keeps them. */
  before(path, { pupil, seen, said, reason }) {
    if (!/\/register\/year\/former$/.test(path)) return null
    if (said && said.apart + said.absent > said.days) throw new this.Refuse(422, 'former-refused', '保存していません', '欠席を直してください。', [{ cell: '欠席', message: '出席しなければならない日数をこえています。' }])
    this.former.set(pupil, { said, reason, revision: seen + 1 })
    return { pupil, revision: seen + 1, after: null }
  }

  formerOf(pupil, own) {
    const { said = null, revision = 0 } = this.former.get(pupil) ?? {}
    if (!said) return { seen: revision, former: null }
    const due = said.days - said.apart
    const sums = { days: said.days, apart: said.apart, due, absent: said.absent, present: due - said.absent, late: said.late, early: said.early }
    const by = { id: 'yamada', family: '山田', given: '恵', family_kana: null, given_kana: null }
    const word = { record_copy: '指導要録の写し', certificate: '在学証明書', told: '前の学校からの連絡', other: 'ほかの書類' }[said.source]
    return { seen: revision, former: { ...said, revision, source_word: word, by, at: '2026-11-20T16:05:00+09:00', sums, together: this.changedClasses ? null : Object.fromEntries(Object.entries(sums).map(([name, n]) => [name, n + own[name]])) } }
  }

  /** A step of the month's end, as registry answers it. */
  step(who, path, body) {
    const asked = /^\/api\/registry\/v1\/classes\/([^/]+)\/register\/months\/2026-11\/(close|check|return)$/.exec(path)
    if (!asked) return this.before(path, body) ?? this.mark(path, body) ?? this.bundle(path, body)
    if (asked[2] !== 'return' && body.seen !== this.digest()) throw new this.Refuse(409, 'month-moved', '締めていません', '画面を開いたあとに出席簿が変わりました。読み直して、確かめてからもう一度押してください。')
    this.state = { close: 'closed', check: 'checked', return: 'returned' }[asked[2]]
    this.sentence = body.sentence
    this.current = true
    return { state: this.state, revision: 1, after: null }
  }

  digest() {
    return `${this.open.join()} ${this.clash} ${this.after}`
  }

  closing(who, sheet, days, lines) {
    const [leads, teaches] = [who === 'principal', who === 'teacher']
    const closed = ['closed', 'checked'].includes(this.state)
    const person = (family, given) => ({ id: `${family}-${given}`, family, given, family_kana: null, given_kana: null })
    const done = (at, family, given, sentence = null) => ({ by: person(family, given), at, sentence })
    const open = lines.flatMap(({ pupil, cells }) => cells.flatMap((cell, n) => (cell.kind === 'unrecorded' ? [{ what: 'unrecorded', pupil: pupil.id, on: days[n].on }] : cell.contradiction ? [{ what: 'contradiction', pupil: pupil.id, on: days[n].on }] : [])))
    const ahead = days.filter(({ kind }) => kind === 'ahead').at(-1)
    const [one, other, ...rest] = lines.map(({ pupil }) => pupil)
    return {
      state: this.state, revision: this.state === 'open' ? 0 : 1, digest: this.digest(), current: this.state === 'checked' && this.current,
      closed: closed ? done('2026-11-20T16:05:00+09:00', '佐藤', '恵') : null,
      checked: this.state === 'checked' ? done('2026-11-20T17:10:00+09:00', '中村', '誠') : null,
      returned: this.state === 'returned' ? done('2026-11-20T17:10:00+09:00', '中村', '誠', this.sentence ?? '10日の7番を確かめてください') : null,
      open: this.ahead && ahead ? [{ what: 'ahead', pupil: null, on: ahead.on }] : open, unconfirmed: closed ? [] : this.unconfirmed,
      corrections: this.after ? [{ pupil: one, on: '2026-11-05', before: '病欠', after: '遅刻', reason: '後から登校した', reason_text: null, by: person('佐藤', '恵'), at: '2026-11-20T16:40:00+09:00' }, { pupil: other, on: '2026-11-10', before: '出席', after: '早退', reason: 'ほか', reason_text: '5時間目に保健室から帰宅', by: person('山田', '恵'), at: '2026-11-20T16:44:00+09:00' }] : [],
      changed: this.after ? [{ pupils: [one, other, ...rest], on: '2026-11-13', before: '出席', now: '学級閉鎖', why: '年間予定が変わった' }, { pupils: [rest[3]], on: '2026-11-19', before: '出席', now: '在籍なし', why: '学級の名簿が変わった' }] : [],
      own: this.own && closed,
      may: teaches ? (closed ? [] : ['close']) : leads && closed ? (this.state === 'checked' && this.current ? ['return'] : ['check', 'return']) : [],
    }
  }

  view(who, path) {
    if (path === '/api/registry/v1/classes') return this.mock.town.schools[0].classes.map((one) => ({ id: one.class.id, name: one.class.name, school: this.mock.town.schools[0].school.id, school_name: '第一小学校' }))
    if (/^\/api\/registry\/v1\/schools\/[^/]+\/register\/bundles$/.test(path)) return { kept_minutes: 60, bundles: this.bundles, ...this.mock.stamp([]) }
    const asked = ADDRESS.exec(path)
    if (!asked) return null
    const { mock } = this
    const { classes } = mock.people()[who]
    const leads = ['principal', 'office'].includes(who)
    if (!leads && !classes.some(([one, role]) => one.class.id === asked[1] && role !== 'substitute')) throw new this.Refuse(403, 'not-allowed', 'この操作はできません', '出席簿を見られるのは、その学級の担任・副担任と、校長・教頭・事務です。')
    const found = mock.findClass(asked[1])
    const school = mock.town.schools.find((one) => one.school.id === found.school.id)
    const children = mock.empty ? [] : found.members.filter(({ exchange }) => !exchange)
    const sheet = {
      class_id: found.class.id, name: found.class.name, grade: found.class.grade, school: found.school, school_year: 2026, months: MONTHS.map(monthOf),
      classes: (leads ? school.classes : classes).map((one, n) => ({ ...(one.class ?? one[0].class), state: asked[2] && n === 0 && this.state !== 'open' ? this.state : null })), homerooms: [`${found.homeroom.family} ${found.homeroom.given}`], planned: this.planned, by_lessons: [...mock.lessons.taken.keys()].some((key) => key.startsWith(found.class.id)),
      ...mock.stamp([`class-day:${found.class.id}:${this.today}`]),
    }
    return asked[2] ? this.month(who, sheet, children, Number(asked[3])) : this.year(who, sheet, children)
  }

  month(who, sheet, children, month) {
    const { days, lines } = this.made(children, month)
    return {
      ...sheet, month: monthOf(month), through: days[0].on > this.today ? null : [days.at(-1).on, this.today].toSorted()[0], symbols: SYMBOLS,
      days: days.map((day, n) => ({ ...day, counts: counted(lines.map(({ cells }) => cells[n])) })),
      lines, beside: MARKS, may_mark: who !== 'principal', may_bundle: ['principal', 'office'].includes(who), lessons: days.filter(({ kind }) => kind === 'lesson' || kind === 'closed').length, totals: total(lines.map(({ counts }) => counts)),
      notes: month === 11 ? ['11/12 学級閉鎖（インフルエンザ）'] : [], closing: this.closing(who, sheet, days, lines),
    }
  }

  year(who, sheet, children) {
    const months = MONTHS.map((month) => this.made(children, month))
    const lines = children.map(({ pupil, number }, i) => {
      const each = months.map((one) => one.lines[i].counts)
      return { pupil, number, came: number === 34, ...this.formerOf(pupil.id, total(each)), months: each, counts: total(each), notes: months.flatMap((one) => one.lines[i].notes) }
    })
    return {
      ...sheet, may_former: who === 'office', through: this.today, lines, notes: ['11/12 学級閉鎖（インフルエンザ）'], totals: total(lines.map(({ counts }) => counts)),
      lessons: months.map(({ days }) => days.filter(({ kind }) => kind === 'lesson' || kind === 'closed').length),
      states: MONTHS.map((month) => (month > 3 && month < 9 ? 'checked' : month === 10 ? 'closed' : null)),
      by_month: months.map((one) => total(one.lines.map(({ counts }) => counts))),
    }
  }

  made(children, month) {
    const first = monthOf(month)
    const [year] = first.split('-').map(Number)
    const days = Array.from({ length: new Date(Date.UTC(year, month, 0)).getUTCDate() }, (_, n) => this.day(`${first}-${pad(n + 1)}`))
    const lines = children.map(({ pupil, number }, i) => {
      const cells = days.map((day) => this.stood(pupil, day, this.cell(i, day, number === 34 && day.on < '2026-11-09')))
      return { pupil, number, cells, over: this.over(pupil, month, i), counts: counted(cells), notes: month === 11 && number === 34 ? ['11/9から（転入）'] : [] }
    })
    return { days, lines }
  }

  stood(pupil, { on }, cell) {
    const { code, seen } = this.beside.get(`${pupil.id} ${on}`) ?? { code: null, seen: 0 }
    const mark = MARKS.find((one) => one.code === code)
    if (!mark) return { ...cell, beside: null, seen }
    const fits = mark.kind === 'kin' ? cell.kind === 'apart' : cell.kind === 'present' || (cell.kind === 'absent' && mark.kind === 'credited')
    const by = { id: 'sato', family: '佐藤', given: '恵', family_kana: null, given_kana: null }
    return { ...cell, glyph: `${cell.glyph === '・' ? '' : cell.glyph}${mark.glyph}`, seen, beside: { ...mark, fits, by, at: '2026-11-20T16:05:00+09:00' } }
  }

  /** Four days for a grandparent are told. */
  over(pupil, month, i) {
    const told = [...this.beside].some(([key, { code }]) => key.startsWith(pupil.id) && code === 'kin_grandparent')
    return this.bereaved && told && month === 11 && i === 0 ? [{ on: '2026-11-09', word: '祖父母', allowed: 3, days: 5 }] : []
  }

  day(on) {
    const weekday = new Date(`${on}T00:00:00Z`).getUTCDay()
    const off = !this.planned || weekday % 6 === 0 || HOLIDAYS[on] || (on.slice(5, 7) === '08')
    const kind = off ? 'off' : on > this.today ? 'ahead' : on === '2026-11-12' ? 'closed' : 'lesson'
    return { on, kind, words: kind === 'closed' ? ['学級閉鎖（インフルエンザ）'] : HOLIDAYS[on] ? [HOLIDAYS[on]] : [] }
  }

  cell(i, { on, kind }, struck) {
    const cell = (of, code = null, contradiction = null) => ({ kind: of, glyph: code ? SYMBOLS[code].glyph || '・' : { struck: '―', closed: '閉', unrecorded: '未' }[of] ?? '', symbol: code, contradiction })
    if (struck) return cell('struck')
    if (kind !== 'lesson') return cell(kind)
    if (this.bereaved && i === 0 && on >= '2026-11-04' && on <= '2026-11-10') return cell('apart', 7)
    if (this.open.includes(on)) return cell('unrecorded')
    const chance = seeded(Number(on.replaceAll('-', '')) * 41 + i)()
    const code = chance < 0.03 ? 1 : chance < 0.045 ? 2 : chance < 0.06 ? 3 : chance < 0.07 ? 4 : chance < 0.074 ? 5 : chance < 0.09 ? 6 : chance < 0.094 ? 7 : null
    if (this.clash && on === '2026-11-10' && i === 6) return { ...cell('present', 3), contradiction: 'said_otherwise_later' }
    return code === null ? { ...cell('present'), glyph: '・', symbol: 0 } : cell(SYMBOLS[code].presence === 'present' ? 'present' : ['suspension', 'bereavement'].includes(SYMBOLS[code].category) ? 'apart' : 'absent', code)
  }
}

function counted(cells) {
  const n = (test) => cells.filter(test).length
  const of = (name) => n(({ symbol, kind }) => symbol !== null && kind !== 'struck' && SYMBOLS[symbol].category === name)
  const told = { suspended: of('suspension'), bereaved: of('bereavement'), closed: n(({ kind }) => kind === 'closed'), sick: of('sick'), other: of('other') }
  const days = n(({ kind }) => !['struck', 'off', 'ahead'].includes(kind))
  const apart = told.suspended + told.bereaved + told.closed
  const stood = (kind) => n(({ beside }) => beside?.fits && beside.kind === kind)
  const there = (name) => n(({ symbol, kind }) => kind === 'present' && SYMBOLS[symbol][name])
  return { days, ...told, apart, due: days - apart, absent: told.sick + told.other, unrecorded: n(({ kind }) => kind === 'unrecorded'), present: n(({ kind }) => kind === 'present'), late: there('late'), early: there('early'), excused: of('not_required'), credited: stood('credited'), elsewhere: stood('elsewhere') }
}

function total(all) {
  const sum = counted([])
  for (const counts of all) for (const name of Object.keys(sum)) sum[name] += counts[name]
  return sum
}
