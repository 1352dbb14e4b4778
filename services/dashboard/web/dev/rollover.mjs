/** 年度更新 for the mock: what a test put there, moved on a little at every look. Not a model of the rules. */
const AT = '2027-03-10T10:05:00+09:00'

const counts = (more) => ({ became: {}, here: 0, pupils: 0, changed: 0, without_class: 0, without_teacher: 0, exchange: 0, nowhere: 0, lacking: {}, ...more })

export class Rollover {
  constructor(mock) {
    this.mock = mock
    this.look = null
    this.runs = []
    this.begun = false
    this.may_apply = true
    this.surprises = []
    /** Nothing moves on by itself. */
    this.held = false
    this.revert = { may: true, why: null }
    this.unplanned = false
    this.next = {}
  }

  onward() {
    const schools = this.mock.town.schools.map(({ school }) => ({ school: school.id, name: school.name, next_school: this.next[school.id] ?? null, choices: ['j1', 'j2'] }))
    return { schools, names: { j1: '和光中学校', j2: '東中学校', ...Object.fromEntries(schools.map(({ school, name }) => [school, name])) } }
  }

  found() {
    const [first, second] = this.mock.town.schools
    return {
      schools: [
        { school: first.school.id, name: first.school.name, classes: 16, to: [{ school: 'j', name: '和光中', number: 81 }], coming: [{ school: second.school.id, name: second.school.name, number: 2 }], ...counts({ became: { promoted: 430, advancing: 81, graduating: 3, new: 76 }, here: 514, pupils: 508, changed: 592, without_class: 4, exchange: 6, nowhere: 3 }) },
        { school: second.school.id, name: second.school.name, classes: this.surprises.length ? null : 12, to: [{ school: first.school.id, name: first.school.name, number: 2 }], coming: [], ...counts({ became: { promoted: 376, prepared: 12, new: 2 }, here: 388, pupils: 388, changed: 388, without_class: this.surprises.length ? 388 : 0, lacking: { 校長: 1 } }) },
      ],
      total: counts({ became: { promoted: 806, advancing: 81, prepared: 12, graduating: 3, new: 78 }, here: 902, pupils: 896, changed: 980, without_class: this.surprises.length ? 392 : 4, exchange: 6, nowhere: 3, lacking: { 校長: 1 } }),
      surprises: this.surprises,
    }
  }

  /** A dry run in a state. */
  looked(state = 'ready', more = {}) {
    this.look = { state, by: '山田 恵', made_at: AT, looked_at: AT, parts: state === 'looking' ? 12 : 0, parts_done: state === 'looking' ? 5 : 0, part: null, found: state === 'looking' ? {} : this.found(), preview: 'p1', anew: false, stopped: null, ...more }
  }

  run(more = {}) {
    const run = { run: this.runs.length + 1, year: 2027, state: 'done', working: false, back: false, stopped: null, started_by: '山田 恵', started_at: AT, finished_at: AT, reverted_by: null, reverted_at: null, parts: 12, parts_done: 12, part: null, waiting: null, changed: 980, events: 980, ...more }
    this.runs.unshift(run)
    return run
  }

  /** A read; undefined when there is nothing at the path. */
  read(path, who) {
    const [, one, two, three] = path.split('/')
    if (two === 'onward') return this.onward()
    if (two === 'schools') return this.school(three, who)
    if (one === 'runs') return three === 'revert' ? this.revert : this.runs.find(({ run }) => String(run) === two)
    const may = this.mock.people()[who].rail.includes('board')
    if (!this.held) this.goOn()
    return { year: Number(one), begins: `${one}-04-01`, begun: this.begun, may_read: may, may_apply: may && this.may_apply, look: may ? this.look : null, runs: may ? this.runs : [], live: may ? [`office:${this.mock.town.board.id}`] : [] }
  }

  goOn() {
    if (this.look?.state === 'looking') this.looked()
    else if (this.look?.state === 'beginning') {
      this.look = null
      this.run({ state: 'applying', working: true, parts_done: 0, finished_at: null })
    } else {
      const run = this.runs.find(({ working }) => working)
      if (run?.back) Object.assign(run, { state: 'reverted', working: false, reverted_by: '山田 恵', reverted_at: AT })
      else if (run) {
        run.parts_done = Math.min(run.parts, run.parts_done + 6)
        if (run.parts_done === run.parts) Object.assign(run, { state: 'done', working: false, finished_at: AT })
      }
    }
  }

  school(id, who) {
    const found = this.mock.town.schools.find(({ school }) => school.id === id)
    const numbers = found && this.found().schools.find(({ school }) => school === id)
    if (!numbers) return undefined
    const { members } = this.mock.town.own
    const row = (i, next) => ({ pupil: members[i].pupil, grade: next ? '小2' : '小6', class_name: next ? '2年1組' : '6年1組', next_school: next })
    const lists = [
      { kind: 'nowhere', pupils: [row(0, null), row(1, null)], number: 3, hidden: 1 },
      { kind: 'without_class', pupils: [2, 3, 4, 5].map((i) => row(i, found.school.name)), number: 4, hidden: 0 },
    ]
    const none = this.unplanned || numbers.classes === null
    return { year: 2027, school: id, school_name: found.school.name, numbers: { ...numbers, classes: none ? null : numbers.classes }, lists: none ? lists.slice(0, 1) : numbers.without_class ? lists : [], may_plan: who === 'office' || who === 'principal', live: [`office:${id}`] }
  }

  /** A command; undefined when there is none at the path. */
  act(path, body) {
    const [, one, two, three] = path.split('/')
    if (two === 'looks') this.looked('looking')
    else if (two === 'apply' && body.preview === this.look?.preview) this.look = { ...this.look, state: 'beginning' }
    else if (two === 'onward') {
      Object.assign(this.next, body.told)
      return this.onward()
    } else if (one === 'runs') Object.assign(this.runs.find(({ run }) => String(run) === two), { working: true, back: three === 'revert' })
    else return undefined
    return { state: 'taken' }
  }
}
