/** The mock's 時限ごとの出欠: off until a test says how many lessons a day has. */
import { SYMBOLS, REASONS } from './town.mjs'

const DAY = /^\/api\/registry\/v1\/classes\/([^/]+)\/days\/([^/]+)\/periods(?:\/(\d+|settled))?$/
const HOURS = /^\/api\/registry\/v1\/classes\/([^/]+)\/lessons\/(year|months\/(\d{4}-\d\d))$/
const MONTHS = Array.from({ length: 12 }, (_, n) => `${n < 9 ? 2026 : 2027}-${String(((n + 3) % 12) + 1).padStart(2, '0')}`)
const SUBJECTS = [['japanese', '国語'], ['social', '社会'], ['maths', '数学'], ['science', '理科'], ['music', '音楽']].map(([code, word]) => ({ code, word }))
const BY = { id: 'tanaka', family: '田中', given: '誠', family_kana: 'たなか', given_kana: 'まこと' }

export class LessonsDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    /** Lessons a day; 0: the board has none taken. */
    this.periods = 0
    /** `class date period` → how it was taken. */
    this.taken = new Map()
    /** `pupil date period` → mark. */
    this.marks = new Map()
    this.settled = new Set()
    this.moved = false
    this.closed = false
    this.why = null
    /** What the sheet of 欠課時数 tells of a closed month. */
    this.corrections = []
  }

  /** A lesson as somebody took it; `codes`: of which numbers it was not 出席. */
  take(found, date, period, codes = {}, subject = null) {
    const at = `${date}T${String(8 + period).padStart(2, '0')}:02:00+09:00`
    const own = found.members.filter(({ exchange }) => !exchange)
    for (const { pupil, number } of own) this.marks.set(`${pupil.id} ${date} ${period}`, { period, code: codes[number] ?? 'here', revision: 1, by: BY, at, reason: null })
    this.taken.set(`${found.class.id} ${date} ${period}`, { subject, members: own.length, at, by: BY })
  }

  view(who, path) {
    const hours = HOURS.exec(path)
    if (hours) return this.sheet(who, hours[1], hours[3] ?? null)
    const asked = DAY.exec(path)
    if (!asked) return null
    const { mock } = this
    const [, classId, date] = asked
    const found = mock.findClass(classId)
    const periods = Array.from({ length: this.periods }, (_, n) => n + 1)
    const teaches = mock.people()[who].classes.some(([one, role]) => one.class.id === classId && role !== 'office') || who === 'nobody'
    return {
      class_id: classId, name: found.class.name, school: found.school, on: date, why_not_open: this.periods ? this.why : 'この学級では、時限ごとの出欠をとることになっていません。', may_take: teaches, may_settle: who === 'teacher', may_sum: who !== 'substitute',
      month_closed: this.closed, day_taken: mock.roll(classId, date).taken !== null, symbols: SYMBOLS, codes: [], subjects: SUBJECTS, reasons: REASONS,
      lessons: periods.map((period) => ({ period, revision: this.taken.has(`${classId} ${date} ${period}`) ? 1 : 0, starts: null, subject: null, members: null, at: null, by: null, ...this.taken.get(`${classId} ${date} ${period}`) })),
      members: this.periods && !mock.empty ? found.members.map((one) => this.child(one, classId, date, periods)) : [], ...mock.stamp([`class-day:${classId}:${date}`]),
    }
  }

  /** 欠課時数 of a month, or of the year (null). */
  sheet(who, classId, month) {
    const { mock } = this
    const { classes } = mock.people()[who]
    const leads = ['principal', 'office'].includes(who)
    if (!leads && !classes.some(([one, role]) => one.class.id === classId && role !== 'substitute')) throw new this.Refuse(403, 'not-allowed', 'この操作はできません', '欠課時数を見られるのは、その学級の担任・副担任と、校長・教頭・事務です。')
    const found = mock.findClass(classId)
    const all = [...this.taken].map(([key, { subject }]) => [...key.split(' '), subject]).filter(([id, on]) => id === classId && (month === null || on.slice(0, 7) <= month)).map(([, on, period, subject]) => ({ on, period, subject }))
    const rolls = all.filter(({ on }) => month === null || on.startsWith(month))
    const codes = [...SUBJECTS, { code: null, word: '教科なし' }].filter(({ code }) => rolls.some(({ subject }) => subject === code))
    const hoursOf = (pupils, some) => {
      const said = pupils.flatMap(({ id }) => some.map(({ on, period }) => [this.marks.get(`${id} ${on} ${period}`)?.code, mock.holding(mock.cell(classId, on, id))?.code === 'suspended']))
      const number = (test) => said.filter(test).length
      return { lessons: said.length, apart: number(([code, apart]) => code === 'away' && apart), away: number(([code, apart]) => code === 'away' && !apart), there: number(([code]) => ['here', 'late', 'left'].includes(code)), late: number(([code]) => code === 'late'), left: number(([code]) => code === 'left'), unrecorded: number(([code]) => !code) }
    }
    const own = mock.empty ? [] : found.members.filter(({ exchange }) => !exchange)
    const pupils = own.map(({ pupil }) => pupil)
    const school = mock.town.schools.find((one) => one.school.id === found.school.id)
    return {
      class_id: classId, name: found.class.name, school: found.school, school_year: 2026, month, months: MONTHS, classes: leads ? school.classes.map((one) => one.class) : [found.class], homerooms: [`${found.homeroom.family} ${found.homeroom.given}`],
      through: rolls.map(({ on }) => on).toSorted().at(-1) ?? null, lessons: rolls.length, subjects: codes.map(({ code, word }) => { const some = rolls.filter(({ subject }) => subject === code); return { code, word, lessons: some.length, totals: hoursOf(pupils, some) } }),
      lines: own.map(({ pupil, number }) => ({ pupil, number, hours: hoursOf([pupil], rolls), by_subject: codes.map(({ code }) => hoursOf([pupil], rolls.filter(({ subject }) => subject === code))), so_far: hoursOf([pupil], all), notes: number === 34 ? ['11/9から（転入）'] : [] })),
      totals: hoursOf(pupils, rolls), so_far: hoursOf(pupils, all), state: this.closed && month ? 'closed' : null, corrections: this.closed && month ? this.corrections : [], ...mock.stamp([]),
    }
  }

  child({ pupil, number, exchange }, classId, date, periods) {
    const { mock } = this
    const cell = mock.cell(classId, date, pupil.id)
    const code = mock.holding(cell)?.code ?? null
    const symbol = SYMBOLS.find((one) => one.code === code)
    const marks = periods.flatMap((period) => this.marks.get(`${pupil.id} ${date} ${period}`) ?? [])
    const away = symbol?.presence === 'absent'
    const proposed = periods.map(() => (!symbol || symbol.late || symbol.early ? null : away ? 'away' : 'here'))
    const clash = away && marks.some((mark) => mark.code !== 'away') ? ['seen_though_absent', '1日の出欠では欠席ですが、授業に出ていた時限があります。'] : symbol && !away && marks.filter((mark) => mark.code === 'away').length >= 3 ? ['away_though_present', '1日の出欠では出席ですが、欠課がつづいています。'] : null
    const seen = `${pupil.id} ${clash?.[0]}`
    return {
      pupil, number, exchange, day: { status: code ?? 'unrecorded', code, revision: cell?.revision ?? 0, facts: mock.said(cell).map(({ source, code: said, who, at }) => ({ source, code: said, by: { ...BY, family: who, given: '' }, relation: null, channel: null, at })) },
      marks, proposed, clashes: clash ? [{ kind: clash[0], words: clash[1], seen, settled: this.settled.has(seen) }] : [],
    }
  }

  act(who, path, body) {
    const asked = DAY.exec(path)
    if (!asked?.[3]) return null
    const [, classId, date, what] = asked
    if (what === 'settled') {
      this.settled.add(body.seen)
      return { settled: true, after: null }
    }
    const refused = this.moved ? body.marks.slice(0, 1).map(({ pupil }) => ({ pupil, code: 'away', revision: 2 })) : []
    this.moved = false
    const { person } = this.mock.people()[who]
    const at = this.mock.clock().toISOString()
    const open = !this.taken.has(`${classId} ${date} ${what}`)
    if (refused.length && open) return { saved: [], refused, after: null }
    if (!refused.length) for (const { pupil, code, seen, reason } of body.marks) this.marks.set(`${pupil} ${date} ${what}`, { period: Number(what), code, revision: seen + 1, by: person, at, reason: reason?.code ?? null })
    const key = `${classId} ${date} ${what}`
    this.taken.set(key, { members: body.marks.length, at, by: person, ...this.taken.get(key), ...('subject' in body && { subject: body.subject }) })
    return { saved: [], refused, after: null }
  }
}
