/** The mock's 市の年間予定: registry's answers for the board's plan; a 休業日 closes two days, a plan applied twice changes nothing. */
const PLAN = /^\/api\/registry\/v1\/boards\/([^/]+)\/calendars\/(\d+)$/

export class BoardYearDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.revision = 1
    this.rows = [['4/7〜7/20', '授業日', '', ''], ['9/1〜12/24', '授業日', '', ''], ['1/8〜3/24', '授業日', '', ''], ['7/21〜8/31', '休業日', '夏休み', ''], ['12/25〜1/7', '休業日', '冬休み', ''], ['10/20', '行事', '修学旅行', '中3']]
    this.said = { at: '2026-11-19T16:40:00+09:00' }
    /** School → revision of its year; school → revision of the plan that was applied. */
    this.revisions = new Map()
    this.applied = new Map()
  }

  schools() {
    const kinds = ['elementary', 'elementary', 'junior_high', 'special_needs_school']
    return this.mock.empty ? [] : this.mock.town.schools.map(({ school }, i) => ({ ...school, kind: kinds[i % 4] }))
  }

  standing(id) {
    if (this.rows.length === 0) return null
    const applied = this.applied.get(id)
    if (!applied) return 'not_yet'
    if (applied.plan !== this.revision) return 'planned_anew'
    return applied.year === (this.revisions.get(id) ?? 1) ? 'as_planned' : 'changed_since'
  }

  view(who, path) {
    const asked = PLAN.exec(path)
    if (!asked) return null
    if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
    const { mock } = this
    return {
      school_year: Number(asked[2]), today: '2026-11-20', revision: String(this.revision), rows: this.rows,
      said_at: this.rows.length ? this.said.at : null, said_by: this.rows.length ? mock.people().board.person : null,
      kinds: ['授業日', '土曜授業', '休業日', '振替休業', '行事', '学年休業', '取り消し', '学期'],
      schools: this.schools().map((one) => ({ ...one, standing: this.standing(one.id), applied_at: this.applied.get(one.id)?.at ?? null })),
      ...mock.stamp([`duties:${asked[1]}`]),
    }
  }

  act(who, path, body) {
    if (!PLAN.test(path)) return null
    const { Refuse } = this
    if (who !== 'board') throw new Refuse(404, 'not-found', 'このページは見られません')
    const wrong = body.rows.flatMap(([on], i) => (/^\d+\/\d+/.test(on) ? [] : [{ cell: `${i + 1}行目の日付`, message: `「${on}」は日付として読めません。5/9 のように書いてください。` }]))
    if (wrong.length) throw new Refuse(422, 'calendar-refused', `貼り付けを取りやめました（${wrong.length}か所）`, '', wrong)
    if (body.seen !== String(this.revision)) throw new Refuse(409, 'moved', 'ほかの人が先に変えました', '市の年間予定のもとは、見ていたものから変わっています。読み直してから、もう一度入れてください。')
    const late = body.schools.filter((id) => !body.dry && body.looked[id] !== String(this.revisions.get(id) ?? 1))
    if (late.length) throw new Refuse(409, 'moved', 'ほかの人が先に変えました', '', late.map((field) => ({ field, message: '見直してください。' })))
    const schools = this.schools().filter(({ id }) => body.schools.includes(id)).map(({ id, name, kind }) => {
      const [grades, before] = [kind === 'junior_high' ? ['J1', 'J2', 'J3'] : ['P1', 'P2', 'P3', 'P4', 'P5', 'P6'], 203]
      const changed = this.standing(id) !== 'as_planned'
      const days = (n) => Object.fromEntries(grades.map((grade) => [grade, grade === 'P1' ? n - 1 : n]))
      if (!body.dry) {
        this.revisions.set(id, (this.revisions.get(id) ?? 1) + 1)
        this.applied.set(id, { plan: this.revision, year: this.revisions.get(id), at: '2026-11-20T08:30:00+09:00' })
      }
      return {
        school: { id, name }, change: null, changed, days_before: days(before), days_after: days(changed ? before - 2 : before), rolls: changed && kind === 'elementary' ? 1 : 0, meals: changed ? -640 : 0,
        revision: String(this.revisions.get(id) ?? 1), closing: changed ? 24 : 0, opening: 0, left_out: grades.includes('J3') ? [] : ['6行目'],
      }
    })
    if (!body.dry && JSON.stringify(body.rows) !== JSON.stringify(this.rows)) {
      this.rows = body.rows
      this.revision += 1
      this.said = { at: '2026-11-20T08:25:00+09:00' }
    }
    return { schools, saved: !body.dry, after: null }
  }
}
