/** Rosters on their way out, for the mock: what a test put there, moved on a little at every look. Not a model of the rules. */
const AT = '2026-11-20T08:10:00+09:00'

export class Exports {
  constructor(mock) {
    this.mock = mock
    this.fresh = true
    this.may_protected = true
    this.exports = []
    /** Nothing moves on by itself. */
    this.held = false
  }

  add(state = 'ready', more = {}) {
    const one = {
      id: `0199cccc-0000-7000-8000-${String(this.exports.length).padStart(12, '0')}`, by: '山田 恵', mine: true, purpose: '夏の控え', profile: '1.2_JP', since: null, as_of: '2026-11-20',
      school: null, school_name: null, for_others: false, protected: true, state, made_at: AT, written: state === 'writing' ? 500 : 0, until: state === 'ready' ? '2026-11-20T09:10:00+09:00' : null,
      instant: state === 'ready' || state === 'removed' ? '2026-11-20T08:10:05+09:00' : null, rows: {}, children_protected: 2, bytes: 2_340_000, stopped: null, ...more,
    }
    this.exports.unshift(one)
    return one
  }

  /** A read; undefined when there is nothing at the path. */
  read(path, who) {
    if (path !== '') return undefined
    if (who !== 'board') return { may: false, may_protected: false, fresh: false, kept_minutes: 60, schools: [], exports: [], live: [] }
    const told = { may: true, may_protected: this.may_protected, fresh: this.fresh, kept_minutes: 60, schools: this.mock.town.schools.map(({ school }) => school), exports: structuredClone(this.exports), live: [`office:${this.mock.town.board.id}`] }
    if (!this.held) for (const one of this.exports) if (one.state === 'writing') Object.assign(one, { state: 'ready', until: '2026-11-20T09:20:00+09:00', instant: AT })
    return told
  }

  /** A command; undefined when there is none at the path. */
  act(path, body) {
    const [, id, word] = path.split('/')
    if (path === '') return { id: this.add('writing', { ...body, as_of: body.as_of ?? '2026-11-20', school_name: this.mock.town.schools.find(({ school }) => school.id === body.school)?.school.name ?? null }).id }
    const one = this.exports.find((each) => each.id === id)
    if (word === 'ticket') return { ticket: 'a+b', until: AT }
    if (word === 'remove') return Object.assign(one, { state: 'removed' }) && { state: 'taken' }
    return undefined
  }
}
