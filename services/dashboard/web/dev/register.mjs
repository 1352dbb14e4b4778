/** The mock's 出席簿: a class's month and year, invented day by day and then counted, so that the sums are right. */
import { SYMBOLS, seeded } from './town.mjs'

const ADDRESS = /^\/api\/registry\/v1\/classes\/([^/]+)\/register\/(?:months\/(\d{4})-(\d\d)|year)$/
const MONTHS = [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]
const HOLIDAYS = { '2026-11-03': '文化の日', '2026-11-23': '勤労感謝の日' }
const pad = (n) => String(n).padStart(2, '0')
const monthOf = (month) => `${month < 4 ? 2027 : 2026}-${pad(month)}`

export class RegisterDesk {
  constructor(mock, today, Refuse) {
    this.mock = mock
    this.today = today
    this.Refuse = Refuse
    this.planned = true
    /** Days that nobody has taken. */
    this.open = ['2026-11-20']
    this.clash = true
  }

  view(who, path) {
    if (path === '/api/registry/v1/classes') return this.mock.town.schools[0].classes.map((one) => ({ id: one.class.id, name: one.class.name, school: this.mock.town.schools[0].school.id, school_name: '第一小学校' }))
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
      classes: (leads ? school.classes : classes).map((one) => one.class ?? one[0].class), homerooms: [`${found.homeroom.family} ${found.homeroom.given}`], planned: this.planned,
      ...mock.stamp([`class-day:${found.class.id}:${this.today}`]),
    }
    return asked[2] ? this.month(sheet, children, Number(asked[3])) : this.year(sheet, children)
  }

  month(sheet, children, month) {
    const { days, lines } = this.made(children, month)
    return {
      ...sheet, month: monthOf(month), through: days[0].on > this.today ? null : [days.at(-1).on, this.today].toSorted()[0], symbols: SYMBOLS,
      days: days.map((day, n) => ({ ...day, counts: counted(lines.map(({ cells }) => cells[n])) })),
      lines, lessons: days.filter(({ kind }) => kind === 'lesson' || kind === 'closed').length, totals: total(lines.map(({ counts }) => counts)),
      notes: month === 11 ? ['11/12 学級閉鎖（インフルエンザ）'] : [],
    }
  }

  year(sheet, children) {
    const months = MONTHS.map((month) => this.made(children, month))
    const lines = children.map(({ pupil, number }, i) => {
      const each = months.map((one) => one.lines[i].counts)
      return { pupil, number, months: each, counts: total(each), notes: months.flatMap((one) => one.lines[i].notes) }
    })
    return {
      ...sheet, through: this.today, lines, notes: ['11/12 学級閉鎖（インフルエンザ）'], totals: total(lines.map(({ counts }) => counts)),
      lessons: months.map(({ days }) => days.filter(({ kind }) => kind === 'lesson' || kind === 'closed').length),
      by_month: months.map((one) => total(one.lines.map(({ counts }) => counts))),
    }
  }

  made(children, month) {
    const first = monthOf(month)
    const [year] = first.split('-').map(Number)
    const days = Array.from({ length: new Date(Date.UTC(year, month, 0)).getUTCDate() }, (_, n) => this.day(`${first}-${pad(n + 1)}`))
    const lines = children.map(({ pupil, number }, i) => {
      const cells = days.map((day) => this.cell(i, day, number === 34 && day.on < '2026-11-09'))
      return { pupil, number, cells, counts: counted(cells), notes: month === 11 && number === 34 ? ['11/9から（転入）'] : [] }
    })
    return { days, lines }
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
  const there = (name) => n(({ symbol, kind }) => kind === 'present' && SYMBOLS[symbol][name])
  return { days, ...told, apart, due: days - apart, absent: told.sick + told.other, unrecorded: n(({ kind }) => kind === 'unrecorded'), present: n(({ kind }) => kind === 'present'), late: there('late'), early: there('early') }
}

function total(all) {
  const sum = counted([])
  for (const counts of all) for (const name of Object.keys(sum)) sum[name] += counts[name]
  return sum
}
