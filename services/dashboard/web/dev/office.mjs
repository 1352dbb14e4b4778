/** The office's desks in memory: 転出入 with certificates, and next year's classes. Not a model of the rules. */
const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
const DAY = 86_400_000
const before = (day) => new Date(Date.parse(`${day}T00:00:00Z`) - DAY).toISOString().slice(0, 10)
const WORDS = {
  announced: '届け出を受ける',
  placed: '学級を決める',
  enrolment_certificate: '在学証明書を渡す',
  textbook_certificate: '教科用図書給与証明書を渡す',
  acceptance_known: '受け入れた日の連絡をもらう',
  records_sent: '指導要録の写し・健康診断票を送る',
  records_received: '指導要録の写し・健康診断票を受け取る',
  enrolment_certificate_received: '在学証明書を受け取る',
  textbook_certificate_received: '教科用図書給与証明書を受け取る',
  acceptance_told: '前の学校に受け入れた日を知らせる',
}
const STEPS = {
  within: ['announced', 'placed', 'records_sent', 'records_received'],
  arriving: ['announced', 'placed', 'enrolment_certificate_received', 'textbook_certificate_received', 'acceptance_told', 'records_received'],
  leaving: ['announced', 'enrolment_certificate', 'textbook_certificate', 'acceptance_known', 'records_sent'],
}

const BY_HAND = ['records_sent', 'records_received', 'enrolment_certificate_received', 'textbook_certificate_received', 'acceptance_told']

export class OfficeDesk {
  constructor(mock, today, Refuse) {
    this.Refuse = Refuse
    this.mock = mock
    this.today = today
    this.moves = []
    this.certificates = []
    /** Of the board's list, for the grade of whoever moves. */
    this.books = [{ subject: '国語', publisher: '38 光村', code: '国語 205', title: 'こくご二上' }]
    this.plan = { classes: [], seats: {}, apart: [], together: [], stay: [] }
    this.revision = 0
    this.unnamed = {}
  }

  add(kind, pupil, { left = this.today, accepted = null, to = null, elsewhere = null } = {}) {
    const [first] = this.mock.town.schools
    const move = { id: `00000000-0000-4000-8000-0000000003${String(this.moves.length + 10)}`, kind, pupil, left, accepted, to, elsewhere, from: first.school, done: { announced: this.today }, revision: 1, undone: null, placed: null, number: null }
    this.moves.push(move)
    return move
  }

  out(move) {
    const [first] = this.mock.town.schools
    const at = (step) => (move.kind === 'arriving' || ['placed', 'records_received'].includes(step) ? move.to : move.from)
    const steps = STEPS[move.kind].map((step) => ({
      step,
      word: WORDS[step],
      side: 'leaving',
      school: at(step),
      done_on: move.done[step] ?? null,
      by: move.done[step] ? this.mock.town.staff : null,
      may_tick: BY_HAND.includes(step) && at(step)?.id === first.school.id,
    }))
    const open = move.undone === null
    return {
      id: move.id, kind: move.kind, pupil: move.pupil, grade: 'P2', grade_word: '小2', from_school: move.from, to_school: move.to, elsewhere: move.elsewhere,
      left_on: move.left, accepted_on: move.accepted, transferred_on: move.accepted && before(move.accepted), placed: move.placed, number: move.number,
      steps, turn: open ? (steps.find((one) => !one.done_on)?.step ?? null) : null, provisional: move.kind === 'arriving' && !move.done.textbook_certificate_received, undone_at: move.undone, revision: move.revision,
      may: { change: open, place: open && move.kind !== 'leaving', certify: open && move.kind !== 'arriving' },
    }
  }

  live() {
    return [`office:${this.mock.town.schools[0].school.id}`]
  }

  found(member, found) {
    return { pupil: member.pupil, school: this.mock.town.schools[0].school, class_name: found.class.name, number: member.number, grade: 'P2', grade_word: '小2' }
  }

  view(path, query) {
    const { own, schools } = this.mock.town
    const units = schools.slice(0, 2).map(({ school }) => ({ ...school, kind: 'elementary' }))
    if (path === '/api/registry/v1/moves') return { moves: this.moves.map((one) => this.out(one)), schools: [units[0]], accepting: [{ ...units[0], grades: [['P1', '小1'], ['P2', '小2']] }], whole_board: false, today: this.today, live: this.live() }
    if (path === '/api/registry/v1/moves/pupils') return own.members.filter(({ pupil }) => [pupil.family + pupil.given, pupil.family_kana + pupil.given_kana].some((name) => name.includes(query.get('q').normalize('NFKC')))).map((one) => this.found(one, own))
    if (path.endsWith('/move-options')) {
      const chosen = own.members.find(({ pupil }) => path.includes(pupil.id))
      return { chosen: chosen === own.members[3] ? { ...this.found(chosen, own), school: units[1] } : this.found(chosen, own), siblings: [this.found(own.members[4], own)], siblings_at: ['第一中学校'], schools: units }
    }
    if (path.endsWith('/rooms')) return [{ id: own.class.id, name: '2年1組', special_needs: false, members: 28, next_number: 29 }]
    const plan = /^\/api\/registry\/v1\/schools\/([^/]+)\/class-plans\/(\d+)$/.exec(path)
    if (plan) return this.page(plan[1], Number(plan[2]))
    const at = /^\/api\/registry\/v1\/moves\/([^/]+)(\/certificates|\/textbooks)?$/.exec(path)
    const move = at && this.moves.find(({ id }) => id === at[1])
    if (!move) return null
    if (at[2] === '/textbooks') return { grade_word: '小2', books: this.books }
    return { ...(at[2] ? { certificates: this.certificates.filter((one) => one.move === move.id) } : this.out(move)), live: this.live() }
  }

  page(school, year) {
    const { own } = this.mock.town
    const pupils = own.members.filter((one) => !one.exchange)
    return {
      school, school_name: this.mock.town.schools[0].school.name, year, revision: this.revision, plan: this.plan, grades: [['P3', '小3']],
      pupils: pupils.map(({ pupil, number }, i) => ({ pupil, sex: i % 2 ? 'male' : 'female', grade: 'P3', before: own.class.name, before_number: number, special_needs: false, comes_from: '' })),
      unnamed: this.unnamed, twins: [[pupils[0].pupil.id, pupils[1].pupil.id]], broken: [], begun: false, live: this.live(),
    }
  }

  act(path, body) {
    const { schools, own } = this.mock.town
    if (path === '/api/registry/v1/arrivals') return this.arrive(body)
    if (path === '/api/registry/v1/moves') {
      const made = body.movers.map((mover) => {
        const { pupil } = own.members.find((one) => one.pupil.id === mover.pupil)
        return this.add(body.kind, pupil, { left: body.left_on, accepted: body.accepted_on, to: schools.find(({ school }) => school.id === mover.to_school)?.school ?? null, elsewhere: body.elsewhere })
      })
      return { moves: made.map((one) => this.out(one)), after: null }
    }
    const plan = /\/class-plans\/(\d+)(\/proposal|\/rows)?$/.exec(path)
    if (plan) return this.make(plan[2], Number(plan[1]), body)
    const at = /^\/api\/registry\/v1\/moves\/([^/]+)\/(.+)$/.exec(path)
    const move = at && this.moves.find(({ id }) => id === at[1])
    if (!move) return null
    if (at[2] === 'certificates/preview') return { pages: [PIXEL], books: body.books ?? this.books, head: '校長' }
    if (at[2] === 'certificates') {
      const title = body.kind === 'enrolment' ? '在学証明書' : '教科用図書給与証明書'
      this.certificates.push({ id: `c${this.certificates.length}`, move: move.id, title, number: `第${this.certificates.length + 1}号`, issued_on: body.issued_on, by: this.mock.town.staff, voided_at: null, void_reason: null })
      move.done[body.kind === 'enrolment' ? 'enrolment_certificate' : 'textbook_certificate'] = this.today
    }
    if (at[2] === 'place') Object.assign(move, { placed: { id: body.class_id, name: '2年1組' }, number: body.number, done: { ...move.done, placed: this.today } })
    if (at[2] === 'dates') Object.assign(move, { left: body.left_on, accepted: body.accepted_on })
    if (at[2] === 'steps') move.done[body.step] = body.on
    if (at[2] === 'undo') move.undone = `${this.today}T09:00:00Z`
    move.revision += 1
    return { moves: [this.out(move)], after: null }
  }

  /** The second child of the class was here before; whoever has the family name is asked about. */
  arrive(body) {
    const { own, schools } = this.mock.town
    const known = own.members[1].pupil
    if (body.card && !body.nobody_else && body.card.legal_family === known.family)
      throw new this.Refuse(409, 'same-person', '同じ人かもしれません', '', [
        { field: 'movable', cell: own.members[3].pupil.id, message: `${known.family} ${known.given}さん（2018年5月5日生まれ） 第二小学校 2年2組に在籍しています。この子なら、転入ではなく、第二小学校から市内の転学として届けます。` },
        { field: 'pupil', cell: known.id, message: `${known.family} ${known.given}さん（2018年5月5日生まれ） 第一小学校に2026年9月30日（水）まで在籍していました。` },
        { field: 'enrolled', cell: own.members[2].pupil.id, message: `${known.family} ${known.given}さん（2018年5月5日生まれ） 第二小学校 2年1組に在籍しています。この子なら、転入ではなく、市内の転学です。第二小学校の事務か学務課が届けます。` },
      ])
    const pupil = body.card ? { ...known, id: '00000000-0000-4000-8000-000000000999', family: body.card.legal_family, given: body.card.legal_given } : known
    const move = this.add('arriving', pupil, { left: body.left_on, accepted: body.accepted_on, to: schools[0].school, elsewhere: body.elsewhere })
    move.from = null
    if (body.place) Object.assign(move, { placed: { id: body.place.class_id, name: '2年1組' }, number: body.place.number, done: { ...move.done, placed: this.today } })
    return { moves: [this.out(move)], after: null }
  }

  make(what, year, body) {
    const pupils = this.page('', year).pupils
    if (what === '/proposal') {
      const classes = ['3年1組', '3年2組'].map((name, i) => ({ id: `00000000-0000-4000-8000-00000000040${i}`, name, grade: 'P3', special_needs: false, homeroom: null }))
      const seats = Object.fromEntries(pupils.map(({ pupil }, i) => [pupil.id, { class_id: classes[i % 2].id, number: Math.floor(i / 2) + 1 }]))
      return { plan: { ...body.plan, classes, seats }, broken: [] }
    }
    if (what === '/rows') return { plan: null, read: 0, wrong: [{ cell: '1行目の氏名（A列）', message: `「${body.text.split('\t')[0]}」という子は、来年度の名簿にいません。` }] }
    if (body.seen !== this.revision) throw new this.Refuse(409, 'moved', 'ほかの人が先に変えました', '画面を読み直してから、もう一度保存してください。')
    this.plan = body.plan
    this.revision += 1
    return { ...this.page(this.mock.town.schools[0].school.id, year), after: null }
  }
}
