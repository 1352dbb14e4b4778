/** The mock's 気がかりな欠席の決まり: versions with their days, and trials whose numbers follow from how many rules there are. */
const TODAY = '2026-11-20'
const PATH = /^\/api\/board\/(alert-rules|alert-trials)(?:\/([^/]+))?(\/step)?$/
const COUNTS = /^\/api\/board\/days\/[^/]+\/alert-counts$/
const rule = (code, word, kind, days, excused) => ({ code, word, kind, days, excused })
const USUAL = [rule('row_7', '理由の分からない欠席が7日続く（施行令20条）', 'row', 7, false), rule('row_3', '3日続けて欠席', 'row', 3, true), rule('year_30', '年度で30日以上欠席', 'year', 30, true)]
const LADDER = { row: [2, 3, 5, 7, 10, 15, 20, 30], year: [5, 10, 15, 20, 30, 45, 60, 90] }
const MONTHS = ['04', '05', '06', '07', '08', '09', '10', '11'].map((month) => `2026-${month}-01`)

export class AlertRulesDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.said = []
    this.trials = new Map()
    /** Schools that one step counts. */
    this.pace = 40
    /** Somebody else of the board counts. */
    this.others = false
    this.left = 6
  }

  refuse(detail) {
    throw new this.Refuse(422, 'invalid', '入力を確かめてください', detail, [{ field: 'rules', message: detail }])
  }

  holding() {
    return this.said.filter(({ since, gone }) => since <= TODAY && !gone).toSorted((a, b) => b.since.localeCompare(a.since))[0]
  }

  page() {
    const holds = this.holding()
    const person = this.mock.people().board.person
    const stamp = '2026-11-18T10:12:00+09:00'
    const versions = this.said.map((one, i) => ({
      id: String(i), since: one.since, rules: one.rules, reason: one.reason, said_by: person, said_at: stamp, withdrawn_by: one.gone ? person : null, withdrawn_at: one.gone ? stamp : null,
      state: one.gone ? (one.since <= TODAY ? 'replaced' : 'withdrawn') : one.since > TODAY ? 'coming' : one === holds ? 'holds' : 'past',
    }))
    return { today: TODAY, revision: String(this.said.length), rules: holds?.rules ?? USUAL, months: MONTHS, most: 10, days: LADDER, trials_left: this.left, versions: versions.toSorted((a, b) => b.since.localeCompare(a.since)), as_of: this.mock.clock().toISOString() }
  }

  /** Three schools, two at a time. */
  counts(after) {
    const { schools } = this.mock.town
    const rules = this.holding()?.rules ?? USUAL
    const told = schools.slice(after, after + 2).map(({ school }, i) => ({ school, counts: Object.fromEntries(rules.map(({ code }, n) => [code, i === 0 ? 5 * n : 0])) }))
    const done = after + told.length
    return { date: TODAY, rules, schools: told, of: schools.length, next: done < schools.length ? done : null, waits: false, ...this.mock.stamp([]) }
  }

  view(who, path, query) {
    if (COUNTS.test(path)) {
      if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
      return this.counts(Number(query.get('after')))
    }
    const asked = PATH.exec(path)
    if (!asked) return null
    if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
    return asked[1] === 'alert-rules' ? this.page() : this.told(this.trials.get(asked[2]))
  }

  told(trial) {
    const schools = this.mock.town.schools.map(({ school }) => school)
    const numbers = (rules) => ({ all: 5 * rules.length })
    const told = trial.done < schools.length ? null : { draft: numbers(trial.rules), now: numbers(trial.beside), schools: schools.map((school, i) => ({ school, draft: i === 0 ? 5 * trial.rules.length : 0, now: i === 0 ? 5 : 0 })) }
    return { ...trial, schools: schools.length, told, waits: this.others }
  }

  act(who, path, body) {
    const asked = PATH.exec(path)
    if (!asked) return null
    if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
    if (asked[1] === 'alert-trials') return { ...this.tried(asked, body), after: null }
    if (body.seen !== String(this.said.length)) throw new this.Refuse(409, 'moved', 'ほかの人が先に変えました', 'いまの決まりを読み直しました。確かめてから、もう一度決めてください。')
    const same = this.said.find(({ since, gone }) => since === body.since && !gone)
    if (same) same.gone = true
    if (asked[2] !== 'withdraw') this.said.push({ since: body.since, reason: body.reason, rules: this.trials.get(body.trial).rules })
    return { ...this.page(), after: null }
  }

  tried(asked, body) {
    if (!asked[3]) {
      const words = body.rules.map(({ word }) => word)
      const twice = words.find((word, i) => words.indexOf(word) < i)
      if (twice) this.refuse(`「${twice}」と同じ決まりがほかにあります。`)
      this.left -= 1
      const trial = { id: `t${this.trials.size}`, revision: String(this.said.length), rules: body.rules.map((one) => ({ ...one, code: one.code ?? `${one.kind}_${one.days}` })), beside: this.holding()?.rules ?? USUAL, months: body.months, until: TODAY, done: 0 }
      this.trials.set(trial.id, trial)
      return this.told(trial)
    }
    const trial = this.trials.get(asked[2])
    if (!this.others) trial.done = Math.min(trial.done + this.pace, this.mock.town.schools.length)
    return this.told(trial)
  }
}
