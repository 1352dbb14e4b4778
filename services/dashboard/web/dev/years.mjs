/** The mock's school year: registry's answers for 年間予定; the lines it reads are 行事, 取り消し and 臨時休業 of a class. */
const YEAR = /^\/api\/registry\/v1\/schools\/([^/]+)\/calendars\/(\d+)$/

export class YearsDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.revision = 1
    this.marks = [
      { on: '2026-05-30', kind: 'saturday_class', title: '運動会', grades: [] },
      { on: '2026-06-01', kind: 'moved_holiday', title: '5/30の振替', grades: [] },
      { on: '2026-10-20', kind: 'event', title: '修学旅行', grades: ['P6'] },
      { on: '2026-04-07', kind: 'grade_off', title: null, grades: ['P1'] },
      ...['2026-12-25', '2026-12-26', '2026-12-27', '2026-12-28'].map((on) => ({ on, kind: 'holiday', title: '冬休み', grades: [] })),
    ]
    this.closures = []
    this.before = []
  }

  /** Why a class has no lessons on a day, as the pages of a day tell it. */
  closedOn(classId, date) {
    return this.closures.some((one) => one.on === date && one.class_id === classId) ? { word: '臨時休業', reason: 'この学級はこの日、臨時休業です。' } : null
  }

  days() {
    const found = []
    for (let at = Date.UTC(2026, 3, 6); at <= Date.UTC(2027, 2, 24); at += 86_400_000) {
      const day = new Date(at)
      const [iso, week] = [day.toISOString().slice(0, 10), day.getUTCDay()]
      const summer = (iso >= '2026-07-21' && iso <= '2026-08-31') || (iso >= '2026-12-25' && iso <= '2026-12-28')
      if (iso === '2026-05-30' || (week % 6 && !summer && iso !== '2026-06-01')) found.push(iso)
    }
    return found
  }

  view(who, path) {
    const asked = YEAR.exec(path)
    if (!asked) return null
    const { mock } = this
    const school = mock.town.schools.find((one) => one.school.id === asked[1])
    const days = mock.empty ? [] : this.days()
    return {
      school: school.school, school_year: Number(asked[2]), today: '2026-11-20', revision: String(this.revision), school_days: days,
      closures: this.closures, marks: mock.empty ? [] : this.marks, terms: mock.empty ? [] : [{ name: '1学期', since: '2026-04-06', until: '2026-07-21' }, { name: '2学期', since: '2026-09-01', until: '2026-12-25' }],
      days_of_grades: Object.fromEntries(['P1', 'P2', 'P3', 'P4', 'P5', 'P6'].map((grade) => [grade, days.length - (grade === 'P1' ? 1 : 0)])),
      classes: school.classes.map((one) => one.class), kinds: ['授業日', '土曜授業', '休業日', '振替休業', '行事', '学年休業', '臨時休業', '臨時休業をやめる', '取り消し', '学期'],
      reasons: { influenza: 'インフルエンザ', typhoon: '台風' }, template: [['12/25〜1/7', '休業日', '冬休み', '']], may: { change: who !== 'teacher' },
      undo: who !== 'teacher' && this.before.length ? { id: `act-${this.revision}`, at: '2026-11-20T10:12:00+09:00', by: mock.people().office.person, lines: 1 } : null,
      ...mock.stamp([`school-day:${asked[1]}:2026-11-20`]),
    }
  }

  act(who, path, body) {
    const undo = path.endsWith('/undo')
    const asked = YEAR.exec(undo ? path.slice(0, -'/undo'.length) : path)
    if (!asked) return null
    const { school, classes } = this.mock.town.schools[0]
    const days = this.view(who, asked[0]).days_of_grades
    const answer = (more) => ({ schools: [{ school, change: null, changed: true, days_before: days, days_after: days, touched: [], meals: 0, ...more }], saved: !body.dry, after: null })
    if (undo) {
      if (!body.dry) {
        this.revision += 1
        Object.assign(this, this.before.pop())
      }
      return answer({})
    }
    const wrong = body.rows.flatMap(([on], i) => (/^\d+\/\d+/.test(on) ? [] : [{ cell: `${i + 1}行目の日付`, message: `「${on}」は日付として読めません。5/9 のように書いてください。` }]))
    if (wrong.length) throw new this.Refuse(422, 'calendar-refused', `貼り付けを取りやめました（${wrong.length}か所）`, '', wrong)
    if (body.seen !== String(this.revision)) throw new this.Refuse(409, 'moved', 'ほかの人が先に変えました', '年間予定は、見ていたものから変わっています。')
    const closing = body.rows.filter(([, kind]) => kind === '臨時休業')
    const touched = closing.map(([, , , whom]) => ({ on: '2026-11-20', class_id: classes.find((one) => one.class.name === whom).class.id, meets: false, counted: true, taken: true, meals: 33 }))
    if (!body.dry) {
      this.before.push({ marks: [...this.marks], closures: [...this.closures] })
      this.revision += 1
      for (const [, kind, words, whom] of body.rows)
        if (kind === '臨時休業') this.closures = [...this.closures, { on: '2026-11-20', scope: 'class', grade: null, class_id: classes.find((one) => one.class.name === whom).class.id, reason: 'influenza' }]
        else if (kind === '取り消し') this.marks = this.marks.filter(({ title }) => title !== words)
        else this.marks = [...this.marks, { on: '2026-11-27', kind: 'event', title: words, grades: [] }]
    }
    return answer({ touched, meals: -33 * touched.length })
  }
}
