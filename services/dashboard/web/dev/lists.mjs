/** The mock's class lists: registry's answers for 学級の名簿, with the one rule that a number is borne once. */
const LIST = /^\/api\/registry\/v1\/classes\/([^/]+)\/list(\/undo)?$/

export class ListsDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.revision = 1
    this.undo = null
  }

  view(who, path, query) {
    const asked = LIST.exec(path)
    if (!asked) return null
    const { mock } = this
    const found = mock.findClass(asked[1])
    const { classes } = mock.town.schools.find((one) => one.school.id === found.school.id)
    const kana = found.members.toSorted((a, b) => a.pupil.family_kana.localeCompare(b.pupil.family_kana, 'ja') || a.pupil.id.localeCompare(b.pupil.id))
    const members = mock.empty ? [] : found.members.map((one, i) => ({
      pupil: one.pupil, number: one.number, exchange: one.exchange, since: '2026-04-01', until: '2027-04-01',
      kana_order: kana.indexOf(one) + 1, birth_order: ((i * 7) % found.members.length) + 1,
    }))
    return {
      class: found.class, school: found.school, date: query.get('on'), today: '2026-11-20', school_year: 2026, revision: String(this.revision),
      members: members.toSorted((a, b) => Number(a.exchange) - Number(b.exchange) || a.number - b.number),
      classes: classes.map((one) => one.class), may: { number: who !== 'substitute' }, undo: this.undo,
      ...mock.stamp([`class-day:${asked[1]}:${query.get('on')}`]),
    }
  }

  act(who, path, body) {
    const asked = LIST.exec(path)
    if (!asked) return null
    const { mock } = this
    const found = mock.findClass(asked[1])
    const before = new Map(found.members.map((one) => [one.pupil.id, one.number]))
    if (asked[2]) {
      for (const [pupil, number] of this.undo.numbers) found.members.find((one) => one.pupil.id === pupil).number = number
      this.undo = null
      this.revision += 1
      return { pupils: [], after: null }
    }
    if (body.seen !== String(this.revision)) throw new this.Refuse(409, 'moved', 'ほかの人が先に変えました', '読み直してから、もう一度決めてください。')
    const changed = body.numbers.filter(({ pupil, number }) => before.get(pupil) !== number)
    if (!body.dry) {
      for (const { pupil, number } of changed) found.members.find((one) => one.pupil.id === pupil).number = number
      this.revision += 1
      this.undo = { id: 'act', at: mock.clock().toISOString(), by: mock.people()[who].person, since: body.since, changed: changed.length, numbers: [...before] }
    }
    const person = (pupil) => found.members.find((one) => one.pupil.id === pupil).pupil
    return { change: body.dry ? null : 'act', changed: changed.map(({ pupil, number }) => ({ pupil: person(pupil), before: before.get(pupil), after: number })), rolls: 3, after: null }
  }
}
