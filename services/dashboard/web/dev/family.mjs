/** A guardian's children and what was told about them, as messaging answers. Not a model of its rules. */
import { id } from './town.mjs'

const PATH = '/api/messaging/v1/family'
const LANGUAGE = '/api/identity/v1/me/language'

export class FamilyDesk {
  constructor(mock, today, Refuse) {
    this.mock = mock
    this.today = today
    this.refuse = Refuse
    const [first, second] = mock.town.schools
    const child = (found, school) => ({ pupil: named(found.members[3].pupil), may_tell: true, at: { name: school.school.name, class_name: found.class.name }, notices: [] })
    /** Nothing told yet, of one child. */
    this.children = [child(first.classes[0], first)]
    /** One more, at another school. */
    this.other = child(second.classes[0], second)
    this.gone = false
    /** What the school reads of a class's day, with words. */
    this.ofClass = []
    /** What the office's page lists of today, the last one first. */
    this.ofSchool = []
    this.told = 0
    /** What the guardian has chosen, on whatever device. */
    this.language = { language: null, furigana: false }
  }

  notice(said = {}) {
    this.told += 1
    const at = this.mock.clock().toISOString()
    return {
      notice: id('7e11', this.told), revision: 1, withdrawn: false, kind: 'absent', reason: 'sick', since: this.today, until: next(this.today), channel: 'app', own: true,
      relation_word: '母', words: null, told_at: at, entered_at: at, late: false, confirmed: [], replies: [], may_change: true, ...said,
    }
  }

  /** A call that the office took, or what a guardian told (`channel: 'app'`), of a child of the teacher's class. */
  call(number, said = {}) {
    const { own, staff } = this.mock.town
    const { pupil } = own.members.find((one) => one.number === number)
    const made = this.notice({ channel: 'phone', ...said })
    const notice = { ...made, pupil: named(pupil), class_name: own.class.name, number, guardian: said.guardian ?? null, teller: null, entered_by: named(staff) }
    this.ofSchool.unshift(notice)
    return notice
  }

  /** A family of the teacher's class tells what no mark says, or (`code`) what one does. */
  tellClass(number, words, code = null) {
    const { own } = this.mock.town
    const { pupil } = own.members.find((one) => one.number === number)
    const at = this.mock.clock().toISOString()
    const cell = this.mock.cell(own.class.id, this.today, pupil.id)
    cell.revision += 1
    cell.facts.push({ source: 'notice', code, word: code === null ? 'そのほかの連絡' : '病欠', who: '母・アプリ', at, reason: null, to_read: code === null })
    const notice = { ...this.notice({ words, kind: code === null ? 'other' : 'absent' }), pupil: named(pupil), number, teller: null }
    this.ofClass.push(notice)
    this.mock.tell(own.class.id, this.today)
    return notice
  }

  /** The class's teacher has saved the day with it before them. */
  confirm(notice) {
    notice.confirmed = [{ on: this.today, at: `${this.today}T08:21:00+09:00` }]
  }

  view(who, path) {
    if (/^\/api\/messaging\/v1\/classes\/[^/]+\/notices$/.test(path)) return { on: this.today, notices: this.ofClass }
    if (/^\/api\/messaging\/v1\/schools\/[^/]+\/notices$/.test(path)) return { on: this.today, notices: this.ofSchool }
    const child = /^\/api\/messaging\/v1\/pupils\/([^/]+)\/notices$/.exec(path)
    if (child) return this.ofChild(child[1])
    if (path === LANGUAGE && who === 'guardian') return this.language
    if (path !== PATH) return null
    if (who !== 'guardian' || this.gone) return null
    return { today: this.today, cut_off: '08:20', children: this.children }
  }

  ofChild(pupil) {
    const { own } = this.mock.town
    const { pupil: found, number } = own.members.find((one) => one.pupil.id === pupil)
    const guardian = (n, relation, relation_word) => ({ id: id('9a4d', n), family: found.family, given: relation_word, relation, relation_word })
    return { pupil: { ...found, class_name: own.class.name, number }, guardians: [guardian(1, 'mother', '母'), guardian(2, 'father', '父')], notices: this.ofSchool.filter((one) => one.pupil.id === pupil) }
  }

  act(who, path, body) {
    if (path === LANGUAGE && who === 'guardian') return (this.language = body)
    if (path === '/api/messaging/v1/notices') {
      const { teller, pupils: [pupil], ...said } = body
      const made = this.call(this.mock.town.own.members.find((one) => one.pupil.id === pupil).number, { ...said, teller: teller.words ?? null, relation_word: teller.words ? null : '母' })
      return { notices: [{ notice: made.notice, pupil, revision: 1 }], after: null }
    }
    const replied = /^\/api\/messaging\/v1\/notices\/([^/]+)\/replies$/.exec(path)
    if (replied) {
      const found = [...this.ofClass, ...this.ofSchool].find(({ notice }) => notice === replied[1])
      found.replies.push({ revision: body.seen, words: body.words, at: this.mock.clock().toISOString(), by: named(this.mock.town.own.homeroom) })
      return { reply: id('7e12', found.replies.length), notice: found.notice, after: null }
    }
    if (!path.startsWith(`${PATH}/notices`) || who !== 'guardian') return null
    const [notice, what] = path.slice(`${PATH}/notices`.length + 1).split('/')
    const answer = (notices) => ({ notices, after: `messaging:${(this.mock.position += 1)}` })
    if (!notice) {
      const { pupils, ...said } = body
      return answer(pupils.map((pupil) => {
        const made = this.notice(said)
        this.children.find((one) => one.pupil.id === pupil).notices.unshift(made)
        return { notice: made.notice, pupil, revision: 1 }
      }))
    }
    for (const { pupil, notices } of this.children) {
      const found = notices.find((one) => one.notice === notice)
      if (!found) continue
      const { seen, ...said } = body
      if (seen !== found.revision) throw new this.refuse(409, 'moved', 'ほかの人が先に変えました', 'この連絡は、見ているあいだに変わりました。')
      Object.assign(found, { ...said, revision: found.revision + 1, withdrawn: what === 'withdraw', confirmed: [], entered_at: this.mock.clock().toISOString() })
      return answer([{ notice, pupil: pupil.id, revision: found.revision }])
    }
    return null
  }
}

function named({ id, family, given }) {
  return { id, family, given }
}

function next(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}
