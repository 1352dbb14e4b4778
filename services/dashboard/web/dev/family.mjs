/** A guardian's children and what was told about them, as messaging answers. Not a model of its rules. */
import { id } from './town.mjs'

const PATH = '/api/messaging/v1/family'

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
    this.told = 0
  }

  notice(said = {}) {
    this.told += 1
    const at = this.mock.clock().toISOString()
    return {
      notice: id('7e11', this.told), revision: 1, withdrawn: false, kind: 'absent', reason: 'sick', since: this.today, until: next(this.today), channel: 'app', own: true,
      relation_word: '母', words: null, told_at: at, entered_at: at, late: false, confirmed: [], replies: [], may_change: true, ...said,
    }
  }

  /** The class's teacher has saved the day with it before them. */
  confirm(notice) {
    notice.confirmed = [{ on: this.today, at: `${this.today}T08:21:00+09:00` }]
  }

  view(who, path) {
    if (path !== PATH) return null
    if (who !== 'guardian' || this.gone) return null
    return { today: this.today, cut_off: '08:20', children: this.children }
  }

  act(who, path, body) {
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
