/** The mock's duties: registry's answers for 学級をみる人, without its rules. */
import { id, seeded } from './town.mjs'

const WORDS = [
  ['homeroom', '担任', 'class'], ['assistant', '副担任', 'class'], ['substitute', '補欠', 'class'], ['subject', '教科', 'maybe'],
  ['nurse', '養護教諭', 'none'], ['office', '事務', 'none'], ['vice_principal', '教頭', 'none'], ['principal', '校長', 'none'],
]
const HEADS = ['principal', 'vice_principal']
const APRIL = '2026-04-01'

export class DutiesDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    const first = mock.town.schools[0]
    const random = seeded(11)
    const names = [['田村', 'たむら', '誠', 'まこと'], ['小川', 'おがわ', '直美', 'なおみ'], ['中島', 'なかじま', '健', 'けん'], ['藤井', 'ふじい', '彩', 'あや']]
    this.others = names.map(([family, family_kana, given, given_kana], i) => ({ id: id('aaaa', 91000 + i), family, given, family_kana, given_kana }))
    this.made = 0
    this.all = []
    for (const { class: of, homeroom } of first.classes) if (of.name !== '3年2組') this.add(homeroom, 'homeroom', of, APRIL, '2027-04-01')
    this.add(this.others[0], 'assistant', first.classes[Math.floor(random() * 3)].class, APRIL, '2027-04-01')
    this.add(this.others[1], 'subject', null, APRIL, null)
    this.add(this.others[2], 'vice_principal', null, APRIL, null)
    this.add(this.others[3], 'nurse', null, APRIL, null)
    this.add(this.others[1], 'homeroom', first.classes[5].class, '2026-12-01', '2027-04-01')
  }

  add(staff, kind, of, since, until) {
    this.made += 1
    this.all.push({ id: id('d0d0', this.made), staff, kind, word: WORDS.find(([code]) => code === kind)[1], class: of, since, until: until ?? (of ? '2027-04-01' : null) })
  }

  view(who, path, query) {
    const found = /^\/api\/registry\/v1\/schools\/([^/]+)\/(duties|candidates)$/.exec(path)
    if (!found) return null
    const { mock } = this
    const role = mock.people()[who].roles[0].kind
    if (!['principal', 'office', 'board_staff'].includes(role)) throw new this.Refuse(404, 'not-found', 'このページは見られません')
    const school = mock.town.schools.find((one) => one.school.id === found[1])
    if (found[2] === 'candidates') return { staff: mock.town.schools[1].classes.map(({ homeroom }) => homeroom).filter(({ family }) => family.includes(query.get('find'))), more: false }
    const date = query.get('on')
    const listed = this.all.filter(({ until }) => until === null || until > date).map((duty) => ({ ...duty, holds: duty.since <= date }))
    const order = ['substitute', 'homeroom', 'assistant']
    const classes = mock.empty ? [] : school.classes.map((one) => ({
      class: one.class,
      takers: listed.filter((duty) => duty.holds && duty.class?.id === one.class.id && order.includes(duty.kind)).toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)),
      lessons: mock.years.days().includes(date) && mock.years.closedOn(one.class.id, date) === null,
      taken_at: mock.roll(one.class.id, date).taken?.at ?? null,
    }))
    const staff = mock.empty ? [] : [...new Map(listed.map(({ staff: person }) => [person.id, person])).values()].toSorted((a, b) => `${a.family_kana} ${a.given_kana}`.localeCompare(`${b.family_kana} ${b.given_kana}`, 'ja')).map((person) => ({ person, duties: listed.filter((duty) => duty.staff.id === person.id) }))
    const board = role === 'board_staff'
    return {
      school: school.school, date, today: '2026-11-20',
      classes: classes.toSorted((a, b) => Math.min(a.takers.length, 1) - Math.min(b.takers.length, 1)),
      staff,
      kinds: WORDS.filter(([code]) => board || !HEADS.includes(code)).map(([code, word, needs]) => ({ code, word, needs })),
      may: { substitute: true, give: true, heads: board, anybody: board },
      ...mock.stamp([`duties:${mock.town.board.id}`]),
    }
  }

  act(who, path, body) {
    const given = /^\/api\/registry\/v1\/schools\/([^/]+)\/duties(?:\/([^/]+)\/end)?$/.exec(path)
    if (!given) return null
    const { mock } = this
    mock.position += 1
    if (given[2]) {
      const duty = this.all.find((one) => one.id === given[2])
      if (body.until <= duty.since) this.all = this.all.filter((one) => one !== duty)
      else duty.until = body.until
    } else {
      const staff = [...this.all.map((one) => one.staff), ...mock.town.schools[1].classes.map(({ homeroom }) => homeroom)].find((one) => one.id === body.staff)
      const of = body.class && mock.town.schools[0].classes.find((one) => one.class.id === body.class).class
      for (const ending of body.instead_of ?? []) this.all.find((one) => one.id === ending).until = body.since
      this.add(staff, body.kind, of, body.since, body.until)
    }
    this.tell()
    return { staff: [], after: `registry:${mock.position}` }
  }

  tell() {
    const key = `duties:${this.mock.town.board.id}`
    for (const stream of this.mock.streams)
      if (stream.keys.includes(key)) stream.answer.write(`event: view\ndata: ${JSON.stringify({ view: 'duties', key, revision: this.mock.position })}\n\n`)
  }
}
