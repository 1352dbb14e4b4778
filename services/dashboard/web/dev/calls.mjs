/** 連絡なし in memory: who is missing without a word, who calls. Not a model of the rules. */
import { id, SYMBOLS } from './town.mjs'

const PATH = /^\/api\/schools\/([^/]+)\/days\/([^/]+)\/unannounced(?:\/([^/]+)\/(claim|release|calls)(?:\/([^/]+)\/undo)?)?$/
const WORDS = { no_answer: 'つながらない', left_word: '留守番電話に残した', left_home: '「家は出た」とのこと' }
const RELATIONS = { mother: '母', father: '父' }

export class CallsDesk {
  constructor(mock, today, Refuse) {
    this.mock = mock
    this.today = today
    this.Refuse = Refuse
    /** Pupil → who calls, since when. */
    this.claims = new Map()
    this.made = []
    /** How many are kept from the reader. */
    this.kept = 0
  }

  at() {
    return this.mock.clock().toISOString()
  }

  children(found, date, who) {
    const me = this.mock.people()[who].person.id
    return found.classes.flatMap((one) => {
      const taken = this.mock.roll(one.class.id, date).taken !== null
      return one.members.filter(({ exchange }) => !exchange).flatMap(({ pupil, number }) => {
        const cell = this.mock.cell(one.class.id, date, pupil.id)
        const holds = this.mock.holding(cell)
        const claim = this.claims.get(pupil.id)
        const calls = this.made.filter((each) => each.pupil === pupil.id)
        const absent = holds?.code === 'absent_other' && holds.source === 'teacher'
        if (!absent && (holds || !(taken || claim || calls.length))) return []
        const symbol = SYMBOLS.find(({ code }) => code === holds?.code)
        return [{
          pupil, class: one.class, number, revision: cell.revision, taken, recorded: absent, word: symbol?.word ?? '未入力', glyph: symbol?.glyph ?? '未', tint: symbol?.tint ?? 'none', since: holds?.at ?? null,
          calling: claim ? { ...claim, mine: claim.by.id === me } : null, calls: calls.map(({ pupil: _, ...each }) => ({ ...each, mine: each.by.id === me })),
        }]
      })
    })
  }

  view(who, path) {
    const asked = PATH.exec(path)
    const found = asked && this.mock.town.schools.find(({ school }) => school.id === asked[1])
    if (!found || asked[3]) return null
    const date = asked[2]
    const children = this.mock.schoolDay && !this.mock.empty ? this.children(found, date, who) : []
    const waiting = found.classes
      .filter((one) => !this.mock.roll(one.class.id, date).taken && this.mock.years.closedOn(one.class.id, date) === null)
      .map((one) => ({ class: one.class, homeroom: one.homeroom, unrecorded: this.mock.counts(one, date).unrecorded }))
    return {
      school: found.school, date, count: children.length + this.kept, kept: this.kept, children, waiting: this.mock.empty ? [] : waiting, codes: { present: 'present', late: 'late' },
      may: { call: date === this.today, mark: who === 'office' }, live: [`school-day:${found.school.id}:${date}`],
    }
  }

  act(who, path, body) {
    const asked = PATH.exec(path)
    if (!asked?.[3]) return null
    const [, school, date, pupil, act, call] = asked
    const by = this.mock.people()[who].person
    const claim = this.claims.get(pupil)
    if (act === 'claim') {
      if (claim && claim.by.id !== by.id && claim.by.id !== body.instead_of) throw new this.Refuse(409, 'moved', 'ほかの人がかけています', '見ているあいだに、ほかの人がこの子の電話を引き受けました。だれがかけているかは、一覧に出ています。')
      this.claims.set(pupil, { by, at: this.at() })
    } else if (act === 'release') this.claims.delete(pupil)
    else if (call) this.made = this.made.filter((each) => each.id !== call)
    else this.made.push({ id: id('cccc', this.made.length + 1), pupil, outcome: body.outcome, word: WORDS[body.outcome], relation_word: RELATIONS[body.relation] ?? null, by, at: this.at() })
    this.mock.notice([`school-day:${school}:${date}`])
    return { kept: true, after: null }
  }
}
