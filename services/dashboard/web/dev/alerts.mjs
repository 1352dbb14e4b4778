/** 気がかりな欠席 in memory. Not a model of the rules. */
const PATH = /^\/api\/(?:schools|classes)\/([^/]+)\/days\/([^/]+)\/alerts(?:\/([^/]+))?$/
const DONE = [['called', '家庭に電話した'], ['visited', '家庭を訪問した'], ['met', '保護者と話し合った'], ['told_board', '教育委員会に知らせた'], ['asked_agency', '関係機関に相談した'], ['known', '事情が分かった']].map(([code, word]) => ({ code, word }))
const RULES = [['row_7', '理由の分からない欠席が7日続く（施行令20条）'], ['row_3', '3日続けて欠席'], ['year_30', '年度で30日以上欠席']].map(([code, word]) => ({ code, word }))
const WEEK = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20']

export class AlertsDesk {
  constructor(mock, today, Refuse) {
    this.mock = mock
    this.today = today
    this.Refuse = Refuse
    /** { number, rule, days, going_on } of 2年1組. */
    this.raised = []
    /** Pupil and rule → what was said. */
    this.said = new Map()
    this.gone = []
  }

  /** A child of 2年1組 has been away. */
  raise(number, rule = 'row_3', days = WEEK, going_on = true) {
    this.raised.push({ number, rule, days, going_on })
  }

  /** A day was corrected: the cause is gone, and what was said about it stays. */
  correct(number) {
    const found = this.raised.find((one) => one.number === number)
    this.raised = this.raised.filter((one) => one !== found)
    this.gone.push(found)
    this.mock.notice([`school-day:${this.mock.town.schools[0].school.id}:${this.today}`])
  }

  one({ number, rule, days, going_on }) {
    const { own } = this.mock.town
    const { pupil } = own.members.find((one) => one.number === number && !one.exchange)
    const acts = this.said.get(`${pupil.id} ${rule}`) ?? []
    const state = { seen: 'seen', closed: 'closed', reopened: 'open' }[acts.at(-1)?.act ?? 'reopened']
    return { pupil, class: own.class, number, rule, word: RULES.find(({ code }) => code === rule).word, first: days[0], days, going_on, state, acts }
  }

  view(who, path) {
    const asked = PATH.exec(path)
    if (!asked || asked[3] || who === 'board') return null
    const { school } = this.mock.town.schools[0]
    const own = this.mock.town.own.class
    if (asked[1] === own.id && who !== 'teacher') throw new this.Refuse(403, 'denied', '見ることはできません')
    return {
      class: asked[1] === own.id ? own : null, school, date: asked[2], rules: RULES, done: DONE, alerts: this.raised.map((one) => this.one(one)), withdrawn: this.gone.map((one) => ({ ...this.one(one), days: one.days.length })),
      may: { act: asked[2] === this.today }, ...this.mock.stamp([asked[1] === own.id ? `class-day:${own.id}:${asked[2]}` : `school-day:${school.id}:${asked[2]}`]),
    }
  }

  act(who, path, body) {
    const asked = PATH.exec(path)
    if (!asked?.[3]) return null
    const there = this.raised.map((one) => this.one(one)).find(({ pupil, rule }) => pupil.id === asked[3] && rule === body.rule)
    if (!there) throw new this.Refuse(409, 'moved', 'もう当てはまりません', '見ているあいだに出欠が直されたか、日付が変わりました。画面を読み直してください。')
    const act = { act: body.act, done: DONE.find(({ code }) => code === body.done)?.word ?? null, days: there.days.length, by: this.mock.people()[who].person, at: this.mock.clock().toISOString() }
    this.said.set(`${asked[3]} ${body.rule}`, [...there.acts, act])
    this.mock.notice([`school-day:${this.mock.town.schools[0].school.id}:${asked[2]}`, `class-day:${this.mock.town.own.class.id}:${asked[2]}`])
    return { kept: true, after: null }
  }
}
